"""How often the skill matcher is right, and how long it takes. Runs offline and alone.

Method: every line of `tests/memory/data/paraphrases_{development,test,blind}.jsonl` is matched without entities and
without history. A request is right when the skill and all listed parameters are; a request out of scope (skill null)
when the answer is None. The matcher was fitted and worded on the development file only; `blind` was written by someone
who had seen neither the lexicon nor any other request, and measured once.

The peer is rank-bm25 (BM25Okapi) over the same phrases: its best skill, no parameters, no "none". It runs in the same
process, message by message in turn; `accuracy_*_bm25` is its share of right skills, `match_ratio` our median time by
its.

`--held-out` instead gives the skill's accuracy on development requests left out of the fit, in five folds (the lexicon
was worded on them all the same); `--fit` fits the weights anew and writes them; `--wrong HALF` lists what goes wrong.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from _harness import Row, arguments, report
from _skill_fit import Request, carried_over, read, save
from sanca.memory import SkillLibrary, load_skill_library
from sanca.memory.matching.ranking import FEATURES
from sanca.memory.text import tokens

HALVES = ("development", "test", "blind")
GROUPS: dict[str, Callable[[Request], bool]] = {
    "": lambda row: row["skill"] is not None,
    "_en": lambda row: row["skill"] is not None and row["language"] == "en",
    "_zh": lambda row: row["skill"] is not None and row["language"] == "zh",
    "_out_of_scope": lambda row: row["skill"] is None,
}
WEIGHTS = resources.files("sanca.memory.matching").joinpath("matcher.npz")


def is_right(library: SkillLibrary, row: Request) -> bool:
    """Whether skill and parameters are as expected."""
    match = library.match(row["message"])
    if match is None or row["skill"] is None:
        return match is None and row["skill"] is None
    return match.skill == row["skill"] and all(
        match.parameters.get(key) == value for key, value in row["parameters"].items()
    )


class Bm25:
    """The peer: rank-bm25 over the skills' phrases, nothing else."""

    def __init__(self, library: SkillLibrary) -> None:
        from rank_bm25 import BM25Okapi

        phrases = [
            (skill.name, tokens(phrase))
            for skill in library.skills
            for phrase in (*skill.sheet.phrases.en, *skill.sheet.phrases.zh)
        ]
        self._names = [name for name, _ in phrases]
        self._index: Any = BM25Okapi([words for _, words in phrases])

    def best(self, message: str) -> str:
        """Return the skill of the best phrase."""
        return self._names[int(self._index.get_scores(tokens(message)).argmax())]


def accuracy_rows(library: SkillLibrary, peer: Bm25) -> Iterator[Row]:
    """Yield accuracy per half, per language, and of the requests out of scope."""
    for half in HALVES:
        rows = read(half)
        for suffix, belongs in GROUPS.items():
            chosen = [row for row in rows if belongs(row)]
            ours = sum(is_right(library, row) for row in chosen) / len(chosen)
            theirs = sum(peer.best(row["message"]) == row["skill"] for row in chosen) / len(chosen)
            limit = {"": "at least 0.9", "_out_of_scope": "at least 0.9"}.get(suffix, "")
            yield Row(f"accuracy_{half}{suffix}", round(ours, 4), f"share of {len(chosen)}", note=limit)
            yield Row(f"accuracy_{half}{suffix}_bm25", round(theirs, 4), f"share of {len(chosen)}")


def time_rows(library: SkillLibrary, peer: Bm25) -> Iterator[Row]:
    """Yield the median time of a match, ours and the peer's in turn."""
    messages = [row["message"] for half in HALVES for row in read(half)]
    ours: list[float] = []
    theirs: list[float] = []
    for message in messages:
        for work, times in ((library.match, ours), (peer.best, theirs)):
            start = time.perf_counter()
            work(message)
            times.append(time.perf_counter() - start)
    mine, others = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    yield Row("match_ms", round(mine, 3), "ms")
    yield Row("match_p95_ms", round(sorted(ours)[int(len(ours) * 0.95)] * 1000, 3), "ms")
    yield Row("match_ratio", round(mine / others, 2), "x", "rank-bm25")


def held_out_rows(library: SkillLibrary) -> Iterator[Row]:
    """Yield how often the skill is right on development requests that were left out of the fit, in five folds."""
    rows, right = carried_over(library, library.threshold)
    for suffix, belongs in GROUPS.items():
        chosen = [good for row, good in zip(rows, right, strict=True) if belongs(row)]
        yield Row(f"held_out{suffix}", round(sum(chosen) / len(chosen), 4), f"share of {len(chosen)}")


def list_wrong(library: SkillLibrary, half: str) -> None:
    """Print the requests of one half that go wrong, and how the two likeliest skills were seen."""
    for row in read(half):
        if is_right(library, row):
            continue
        match = library.match(row["message"])
        print(f"{row['message']}\n  wanted {row['skill']} {row['parameters']}")
        print(f"  got {match.skill} {match.parameters}" if match else "  got none")
        for scored in library.ranker.rank(library.read(row["message"]))[:2]:
            features = dict(zip(FEATURES, scored.features.round(2).tolist(), strict=True))
            print(f"    {scored.skill.name} {scored.score:.3f} {features}")


def measure() -> list[Row]:
    """Measure everything against the peer."""
    start = time.perf_counter()
    library = load_skill_library()
    load_seconds = time.perf_counter() - start
    library.match("warm up")
    first_seconds = time.perf_counter() - start - load_seconds
    peer = Bm25(library)
    return [
        *accuracy_rows(library, peer),
        *time_rows(library, peer),
        Row("load_ms", round(load_seconds * 1000, 1), "ms"),
        Row("first_match_ms", round(first_seconds * 1000, 1), "ms"),
    ]


def main() -> None:
    """Print the rows, or do what the options ask for."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--fit", action="store_true", help="fit the weights anew and write them (four minutes)")
    parser.add_argument("--held-out", action="store_true", help="only the five-fold check (five minutes)")
    parser.add_argument("--wrong", choices=HALVES, help="list what goes wrong in one half")
    options = arguments(__doc__ or "", parser)
    if options.fit:
        save(load_skill_library(), Path(str(WEIGHTS)))
    elif options.wrong:
        list_wrong(load_skill_library(), options.wrong)
    elif options.held_out:
        report(list(held_out_rows(load_skill_library())), as_json=options.json)
    else:
        report(measure(), as_json=options.json)


if __name__ == "__main__":
    main()
