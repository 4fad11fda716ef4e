"""How often the skill matcher is right, and how long it takes. Runs offline and alone.

Method: every line of `tests/memory/data/paraphrases_{development,test}.jsonl` is matched without entities and without
history. A request is right when the skill and all listed parameters are; a request out of scope (skill null) when the
answer is None. The matcher was fitted and worded on the development file only. `match_ms` is the median over all
requests after the library is loaded, in interleaved blocks with the peer; the peer is BM25 alone over the same phrases
(its best skill, no "none"), so `accuracy` rows carry the peer's accuracy and `match_ratio` our time by the peer's.

`--fit` prints newly fitted ranker weights from the development file instead; `--wrong HALF` lists what goes wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sanca.memory import SkillLibrary, load_skill_library
from sanca.memory.lexicon import Piece
from sanca.memory.ranking import FEATURES
from sanca.memory.text import tokens

DATA = Path(__file__).resolve().parent.parent / "tests" / "memory" / "data"
Row = dict[str, Any]


def read(half: str) -> list[Row]:
    """Return the requests of one half."""
    text = (DATA / f"paraphrases_{half}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def is_right(library: SkillLibrary, row: Row) -> bool:
    """Whether skill and parameters are as expected."""
    match = library.match(row["message"])
    if match is None or row["skill"] is None:
        return match is None and row["skill"] is None
    return match.skill == row["skill"] and all(
        match.parameters.get(key) == value for key, value in row["parameters"].items()
    )


class BM25:
    """The peer: plain BM25 over the skills' phrases, nothing else."""

    def __init__(self, library: SkillLibrary) -> None:
        phrases = [
            (skill.name, phrase)
            for skill in library.skills
            for phrase in (*skill.sheet.phrases.en, *skill.sheet.phrases.zh)
        ]
        counted = [Counter(tokens(phrase)) for _, phrase in phrases]
        mean = sum(sum(counts.values()) for counts in counted) / len(counted)
        self._postings: dict[str, list[tuple[str, float]]] = {}
        for (name, _), counts in zip(phrases, counted, strict=True):
            norm = 1.2 * (0.25 + 0.75 * sum(counts.values()) / mean)
            for word, count in counts.items():
                self._postings.setdefault(word, []).append((name, count * 2.2 / (count + norm)))
        self._size = len(phrases)

    def best(self, message: str) -> str | None:
        """Return the skill of the best phrase sum."""
        scores: Counter[str] = Counter()
        for word in set(tokens(message)):
            hits = self._postings.get(word, [])
            idf = math.log(1 + (self._size - len(hits) + 0.5) / (len(hits) + 0.5))
            for name, value in hits:
                scores[name] = max(scores[name], 0) + idf * value  # type: ignore[assignment]  # Counter of floats
        return scores.most_common(1)[0][0] if scores else None


def accuracy_rows(library: SkillLibrary, peer: BM25) -> Iterable[Row]:
    """Yield accuracy per half, per language, and of the requests out of scope."""
    for half in ("development", "test"):
        rows = read(half)
        groups: dict[str, Callable[[Row], bool]] = {
            "": lambda row: row["skill"] is not None,
            "_en": lambda row: row["skill"] is not None and row["language"] == "en",
            "_zh": lambda row: row["skill"] is not None and row["language"] == "zh",
            "_out_of_scope": lambda row: row["skill"] is None,
        }
        for suffix, belongs in groups.items():
            chosen = [row for row in rows if belongs(row)]
            ours = sum(is_right(library, row) for row in chosen) / len(chosen)
            theirs = sum(peer.best(row["message"]) == row["skill"] for row in chosen) / len(chosen)
            yield {
                "id": f"accuracy_{half}{suffix}",
                "value": round(ours, 4),
                "unit": f"share of {len(chosen)}",
                "peer": round(theirs, 4),
            }


def time_rows(library: SkillLibrary, peer: BM25) -> Iterable[Row]:
    """Yield the median time of a match, ours and the peer's in turn."""
    messages = [row["message"] for half in ("development", "test") for row in read(half)]
    ours: list[float] = []
    theirs: list[float] = []
    for message in messages:
        for work, times in ((library.match, ours), (peer.best, theirs)):
            start = time.perf_counter()
            work(message)
            times.append(time.perf_counter() - start)
    mine, others = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    yield {"id": "match_ms", "value": round(mine, 3), "unit": "ms", "peer": round(others, 3)}
    yield {"id": "match_p95_ms", "value": round(sorted(ours)[int(len(ours) * 0.95)] * 1000, 3), "unit": "ms"}
    yield {"id": "match_ratio", "value": round(mine / others, 2), "unit": "ratio"}


def fit(
    library: SkillLibrary, rounds: int = 3000, penalty: float = 0.002, hidden: float = 0.3, copies: int = 4
) -> None:
    """Fit the weights of the softmax by gradient ascent on the development half and print them.

    The lexicon was worded on the same half and knows its words too well. So each request is also shown in copies of
    which some words are hidden from the lexicon, as words of strangers will be.
    """
    rows, names, chance = read("development"), [skill.name for skill in library.skills], random.Random(1)  # noqa: S311
    features, targets = [], []
    for row in rows:
        for copy in range(copies):
            reading = library.read(row["message"])
            if copy:
                reading.pieces = [strange(piece) if chance.random() < hidden else piece for piece in reading.pieces]
            ours = library.ranker.features(reading)
            # The last row is "none": all features 0 but the constant.
            full = np.hstack([np.vstack([ours, np.zeros(len(FEATURES))]), np.eye(len(names) + 1)[:, -1:]])
            features.append(full)
            targets.append(names.index(row["skill"]) if row["skill"] else len(names))
    stacked, wanted = np.stack(features), np.array(targets)
    weights = np.zeros(len(FEATURES) + 1)
    for _ in range(rounds):
        logits = stacked @ weights
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = odds / odds.sum(axis=1, keepdims=True)
        gradient = (stacked[np.arange(len(wanted)), wanted] - (shares[:, :, None] * stacked).sum(axis=1)).mean(axis=0)
        weights += 0.5 * (gradient - penalty * weights)
    print("WEIGHTS =", [round(float(weight), 2) for weight in weights[:-1]])
    print("NONE_SCORE =", round(float(weights[-1]), 2))


def strange(piece: Piece) -> Piece:
    """Return a piece as if the lexicon did not know it; stop words stay."""
    return piece if piece.kind == "stop" else replace(piece, kind="unknown", concepts=())


def list_wrong(library: SkillLibrary, half: str) -> None:
    """Print the requests of one half that go wrong."""
    for row in read(half):
        if not is_right(library, row):
            match = library.match(row["message"])
            ranked = library.ranker.rank(library.read(row["message"]))[:2]
            print(
                row["message"],
                "| wanted",
                row["skill"],
                row["parameters"],
                "| got",
                match and (match.skill, match.parameters),
            )
            for scored in ranked:
                print(
                    "     ",
                    scored.skill.name,
                    round(scored.score, 3),
                    dict(zip(FEATURES, scored.features.round(2).tolist(), strict=True)),
                )


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--fit", action="store_true", help="print ranker weights fitted on the development half")
    parser.add_argument("--wrong", metavar="HALF", help="list what goes wrong in one half")
    options = parser.parse_args()
    start = time.perf_counter()
    library = load_skill_library()
    load_seconds = time.perf_counter() - start
    if options.fit:
        fit(library)
        return
    if options.wrong:
        list_wrong(library, options.wrong)
        return
    library.match("warm up")
    first_seconds = time.perf_counter() - start - load_seconds
    peer = BM25(library)
    rows = [*accuracy_rows(library, peer), *time_rows(library, peer)]
    rows += [
        {"id": "load_ms", "value": round(load_seconds * 1000, 1), "unit": "ms"},
        {"id": "first_match_ms", "value": round(first_seconds * 1000, 1), "unit": "ms"},
    ]
    if options.json:
        json.dump({"rows": rows}, sys.stdout)
        print()
    else:
        for row in rows:
            print(
                f"{row['id']:38} {row['value']:>10} {row['unit']}"
                + (f"   (peer {row['peer']})" if "peer" in row else "")
            )


if __name__ == "__main__":
    main()
