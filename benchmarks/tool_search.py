"""How often tool search finds the tool a question needs, and how long it takes. Runs offline and alone.

Method: `recall5_*` is the share of a question's tools among the first five found (of at most five), averaged over the
questions: MetaTool's questions for one tool (`single`) and for two (`multi`) over its 199 tools (`--data` names its
folder, or the one that has it as `metatool`), BFCL's non-live questions over the functions of all its single-turn
categories (the package `bfcl-eval`).
`*_by_name` counts functions of one name as one. The peers look in the same texts in the same run: rank-bm25 over words
split at spaces, SQLite FTS5 (porter) for any of the question's words. Rows whose data are not there say so.

`search_5000_ratio`: a search over 5,000 made-up tools against a bare FTS5 query for any word of the question over the
same texts, question by question in turn; `…_content_ratio`: against FTS5 asked without the stop words.

What MetaTool and BFCL's live questions taught is in `question_map.npz`; the questions for two tools and the non-live
ones had no part in it. `--held-out` fits the map anew without a fifth of MetaTool's tools and their questions, five
times, and gives recall for the tools left out, and the same by questions. `--fit` fits the shipped map and writes it.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from _harness import Row, arguments, outside, report
from _tool_fit import fit, lessons, save
from _tool_sets import Question, ToolSet, bfcl, many_tools, metatool
from sanca.core.tools import ToolDefinition
from sanca.memory.embedding import StaticEmbedding
from sanca.memory.tool_search.index import ToolIndex
from sanca.memory.tool_search.sheet import sheet_of
from sanca.memory.tool_search.words import STOP_WORDS

TOP, FOLDS = 5, 5
QUICK_QUESTIONS = 300
LEAST = {"single": 0.80, "multi": 0.76, "nonlive": 0.93}
MAP = resources.files("sanca.memory.tool_search").joinpath("question_map.npz")
Search = Callable[[str], list[str]]


class Ours:
    """Tool search as it ships, or with another map."""

    def __init__(self, tools: dict[str, ToolDefinition], turn: np.ndarray | None = None) -> None:
        self.index = ToolIndex(turn=turn)
        start = time.perf_counter()
        self.index.add(tools)
        self.build_seconds = time.perf_counter() - start

    def __call__(self, question: str, limit: int = TOP) -> list[str]:
        """Return names, best first."""
        return [found.name for found in self.index.search(question, limit)]


class RankBm25:
    """The peer: rank-bm25 over words split at spaces."""

    def __init__(self, tools: dict[str, ToolDefinition]) -> None:
        from rank_bm25 import BM25Okapi

        self._names = list(tools)
        self._index = BM25Okapi([text.lower().split() for text in texts_of(tools)])

    def __call__(self, question: str, limit: int = TOP) -> list[str]:
        """Return names, best first."""
        best = np.argsort(-self._index.get_scores(question.lower().split()), kind="stable")
        return [self._names[row] for row in best[:limit]]


class Fts5:
    """The peer: SQLite's full-text index, any word of the question."""

    def __init__(self, tools: dict[str, ToolDefinition], *, stop_words: bool = True) -> None:
        self._names = list(tools)
        self._stop_words = stop_words
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create virtual table tools using fts5(text, tokenize='porter unicode61')")
        self._database.executemany("insert into tools(rowid, text) values (?, ?)", enumerate(texts_of(tools)))

    def __call__(self, question: str, limit: int = TOP) -> list[str]:
        """Return names, best first."""
        words = ("".join(filter(str.isalnum, word)) for word in question.lower().split())
        asked = [word for word in dict.fromkeys(words) if word and (self._stop_words or word not in STOP_WORDS)]
        query = " OR ".join(f'"{word}"' for word in asked)
        sql = "select rowid from tools where tools match ? order by rank limit ?"
        return [self._names[row] for (row,) in self._database.execute(sql, (query, limit))] if query else []


def texts_of(tools: dict[str, ToolDefinition]) -> list[str]:
    """Return what each tool says of itself, as the peers read it."""
    return [sheet_of(name, tool).everything for name, tool in tools.items()]


def recall(search: Search, questions: Sequence[Question]) -> float:
    """Return the mean share of a question's tools among the first found."""
    shares = [
        len(question.wanted & set(search(question.text)[:TOP])) / min(len(question.wanted), TOP)
        for question in questions
    ]
    return round(statistics.fmean(shares), 4)


def by_name(search: Ours) -> Search:
    """Return a search that counts tools of one name as one."""

    def found(question: str) -> list[str]:
        return list(dict.fromkeys(name.partition("#")[0] for name in search(question, 4 * TOP)))

    return found


def recall_rows(tools: ToolSet, groups: Sequence[str], *, quick: bool) -> Iterator[Row]:
    """Yield recall of ours and of the peers, group by group."""
    ours = Ours(tools.tools)
    peers: dict[str, Search] = {"bm25": RankBm25(tools.tools), "fts5": Fts5(tools.tools)}
    for group in groups:
        questions = tools.groups[group][: QUICK_QUESTIONS if quick else None]
        unit = f"of {len(questions)}"
        yield Row(f"recall5_{group}", recall(ours, questions), unit, least=LEAST.get(group))
        if group == "nonlive":
            plain = [Question(one.text, frozenset(n.partition("#")[0] for n in one.wanted)) for one in questions]
            yield Row(f"recall5_{group}_by_name", recall(by_name(ours), plain), unit)
        for name, peer in peers.items():
            yield Row(f"recall5_{group}_{name}", recall(peer, questions), unit)


def time_rows(*, quick: bool) -> Iterator[Row]:
    """Yield the time of a search over 5,000 tools, against FTS5 in turn."""
    made_up = many_tools()
    questions = [question.text for question in made_up.groups["made_up"]]
    ours = Ours(made_up.tools)
    searches: dict[str, Search] = {
        "ours": ours,
        "fts5": Fts5(made_up.tools),
        "content": Fts5(made_up.tools, stop_words=False),
    }
    times: dict[str, list[float]] = {name: [] for name in searches}
    for turn in range(2 if quick else 4):
        for question in questions:
            for name, search in searches.items():
                start = time.perf_counter()
                search(question)
                if turn:
                    times[name].append(time.perf_counter() - start)
    median = {name: statistics.median(taken) for name, taken in times.items()}
    yield Row("search_5000_ratio", round(median["ours"] / median["fts5"], 2), "x", "SQLite FTS5", limit=2.0)
    yield Row("search_5000_content_ratio", round(median["ours"] / median["content"], 2), "x", "FTS5, no stop words")
    yield Row("search_5000_ms", round(median["ours"] * 1000, 2), "ms")
    yield Row("build_5000_seconds", round(ours.build_seconds, 2), "s", note="reading the weights included")
    yield Row("recall5_made_up", recall(ours, made_up.groups["made_up"]), f"of {len(questions)}")


def absent(groups: Sequence[str], why: str) -> list[Row]:
    """Return rows that were not measured."""
    return [Row(f"recall5_{group}", None, "", least=LEAST.get(group), note=why) for group in groups]


def held_out_rows(tools: ToolSet, more: ToolSet | None) -> Iterator[Row]:
    """Yield recall on MetaTool for tools, and for questions, that had no part in the map."""
    embed = StaticEmbedding()
    extra = [lessons(embed, more, more.groups["live"])] if more else []
    single = tools.groups["single"]
    chance = np.random.default_rng(0)
    fold_of = dict(zip(tools.tools, chance.permutation(np.arange(len(tools.tools)) % FOLDS), strict=True))
    question_fold = chance.permutation(np.arange(len(single)) % FOLDS)
    shares: dict[str, list[float]] = {"tool": [], "question": [], "none": []}
    flat = np.zeros((256, 256), np.float32)
    for fold in range(FOLDS):
        known = ToolSet({name: tool for name, tool in tools.tools.items() if fold_of[name] != fold}, {})
        seen = [one for one in single if one.wanted <= known.tools.keys()]
        unseen = [one for one in single if not one.wanted <= known.tools.keys()]
        turn = fit([lessons(embed, known, seen), *extra])
        shares["tool"] += [recall(Ours(tools.tools, turn), unseen) * len(unseen) / len(single)]
        shares["none"] += [recall(Ours(tools.tools, flat), unseen) * len(unseen) / len(single)]
        kept = [one for one, at in zip(single, question_fold, strict=True) if at != fold]
        left = [one for one, at in zip(single, question_fold, strict=True) if at == fold]
        turn = fit([lessons(embed, tools, kept), *extra])
        shares["question"] += [recall(Ours(tools.tools, turn), left) * len(left) / len(single)]
    for name, found in shares.items():
        note = "no map" if name == "none" else f"{name}s left out of the fit"
        yield Row(f"held_out_single_{name}", round(sum(found), 4), f"of {len(single)}", note=note)


def measure(data: Path | None, *, quick: bool) -> list[Row]:
    """Measure all there are data for."""
    rows: list[Row] = []
    if data is None:
        rows += absent(("single", "multi"), "give with --data MetaTool's folder, or one that has it as `metatool`")
    else:
        rows += recall_rows(metatool(data), ("single", "multi"), quick=quick)
    functions = bfcl()
    if functions is None:
        rows += absent(("nonlive",), "the package bfcl-eval is not installed")
    else:
        rows += recall_rows(functions, ("nonlive", "live"), quick=quick)
    return [*rows, *time_rows(quick=quick)]


def main() -> None:
    """Print the rows, or do what the options ask for."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--fit", action="store_true", help="fit the map anew and write it (needs --data and bfcl-eval)")
    parser.add_argument("--held-out", action="store_true", help="only the five-fold check (two minutes; needs --data)")
    options = arguments(__doc__ or "", parser)
    data = outside(options.data, "metatool", "plugin_des.json")
    if not (options.fit or options.held_out):
        report(measure(data, quick=options.quick), as_json=options.json)
        return
    functions = bfcl()
    if data is None or (options.fit and functions is None):
        raise SystemExit("Give MetaTool's folder with --data; fitting also needs the package bfcl-eval.")
    tools = metatool(data)
    if options.held_out:
        report(list(held_out_rows(tools, functions)), as_json=options.json)
    elif functions is not None:
        embed = StaticEmbedding()
        sources = [lessons(embed, tools, tools.groups["single"]), lessons(embed, functions, functions.groups["live"])]
        save(fit(sources), Path(str(MAP)))


if __name__ == "__main__":
    main()
