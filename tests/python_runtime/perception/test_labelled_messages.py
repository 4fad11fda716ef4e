"""500 labelled messages, 200 of which nothing was developed or fitted on. Says counts, and never a message."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from labelled_messages import Score, judge
from sanca.python_runtime.perception import Interpreter

SIZES = {"develop": 150, "develop_more": 150, "test": 150, "test_more": 50}


@pytest.fixture(scope="module")
def score_of(interpreter: Interpreter) -> Callable[[str], Score]:
    scores: dict[str, Score] = {}

    def score(half: str) -> Score:
        if half not in scores:
            scores[half] = judge(interpreter, half)
        return scores[half]

    return score


@pytest.mark.parametrize("half", SIZES)
def test_nine_of_ten_intents_are_right(score_of: Callable[[str], Score], half: str) -> None:
    score = score_of(half)

    assert score.messages.total() == SIZES[half]
    assert score.intents_right >= 0.9, str(score)


@pytest.mark.parametrize("half", SIZES)
def test_unclear_messages_are_asked_about_and_clear_ones_are_not(score_of: Callable[[str], Score], half: str) -> None:
    score = score_of(half)

    assert score.asked >= 0.9 * score.unclear, str(score)
    assert score.asked_needlessly <= 0.03 * score.clear, str(score)
