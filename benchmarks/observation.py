"""How many tokens an observation saves against plain `repr`, and whether what one would ask of it is still there.

Method: each value of `_observed_values.py` (tables of logs, metrics, nested JSON, long texts, DataFrames, arrays,
errors, printed lines) is made in the real sandbox; ours is what a model reads of it (`format_observation`, 8,000
characters at most), plain is its `repr`, of an error the traceback of `python -c`, of output all that was printed.
Tokens are those of Qwen's tokenizer, which comes with dashscope. The facts asked are expressions evaluated beside the
value, so no answer is written by hand: some stand in the data, some would have to be computed. A fact is kept when its
text is in the observation. `facts_kept_share_cut_repr` asks only those that stand in the data, of a repr cut in the
middle to the same number of characters.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from _harness import Row, arguments, report
from _observed_values import CASES, Case, code_of
from sanca.core.errors import SandboxError
from sanca.python_runtime.observation import cut_middle, format_observation
from sanca.python_runtime.sandbox import NamespaceSandbox, SandboxSession, SandboxSettings
from sanca.python_runtime.sandbox.library import find_library

OBSERVATION_CHARS = 8_000
LIMIT_SECONDS = 30.0


@dataclass(frozen=True)
class Seen:
    """One case as it was measured."""

    case: Case
    ours: str
    plain: str
    shown: list[str]
    derived: list[str]
    tokens: int
    plain_tokens: int

    @property
    def kept(self) -> int:
        """How many of the facts are in our observation."""
        return sum(fact in self.ours for fact in (*self.shown, *self.derived))

    @property
    def kept_by_cut_repr(self) -> int:
        """How many of those that stand in the data are in as many characters of the plain text."""
        return sum(fact in cut_middle(self.plain, len(self.ours)) for fact in self.shown)


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    seen = anyio.run(observe_all)
    if not options.json:
        for one in seen:
            facts = len(one.shown) + len(one.derived)
            print(f"  {one.case.name:20} {one.plain_tokens:>8,} → {one.tokens:>6,} tokens, {one.kept} of {facts} facts")
            missing = [fact for fact in (*one.shown, *one.derived) if fact not in one.ours]
            if missing:
                print(f"    not in it: {missing}")
    report(rows_of(seen), as_json=options.json)


def rows_of(seen: list[Seen]) -> list[Row]:
    """Return the figures."""
    tokens, plain = sum(one.tokens for one in seen), sum(one.plain_tokens for one in seen)
    shares = [1 - one.tokens / one.plain_tokens for one in seen]
    facts = sum(len(one.shown) + len(one.derived) for one in seen)
    shown = sum(len(one.shown) for one in seen)
    ours = sum(fact in one.ours for one in seen for fact in one.shown) / shown
    note = f"{len(seen)} values"
    return [
        Row("tokens_saved_share", 1 - tokens / plain, "of all tokens", "plain repr", note=note),
        Row("tokens_saved_share_median", statistics.median(shares), "of a value's tokens", "plain repr", note=note),
        Row("tokens_saved_share_worst", min(shares), "of a value's tokens", "plain repr"),
        Row("tokens_median", statistics.median(one.tokens for one in seen), "tokens an observation"),
        Row("tokens_most", max(one.tokens for one in seen), "tokens an observation"),
        Row("facts_kept_share", sum(one.kept for one in seen) / facts, "of facts", note=f"{facts} facts"),
        Row(
            "facts_kept_share_cut_repr",
            sum(one.kept_by_cut_repr for one in seen) / shown,
            "of facts that stand in the data",
            note=f"{shown} facts; ours keeps {ours:.3f} of them",
        ),
    ]


async def observe_all() -> list[Seen]:
    """Make every value in a session of its own and look at it both ways."""
    from dashscope.tokenizers import get_tokenizer

    encode = get_tokenizer("qwen-turbo").encode
    with tempfile.TemporaryDirectory(prefix="sanca-observation-") as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - another user writes to it
        output = Path(folder)
        async with NamespaceSandbox(SandboxSettings(warm_sessions=1)) as sandbox:
            seen = []
            for case in CASES:
                session = await sandbox.spawn(output_dir=output)
                try:
                    ours, plain = await _observe(session, case, output)
                    facts = await _facts(session, case)
                finally:
                    await session.close()
                shown, derived = facts[: len(case.shown)], facts[len(case.shown) :]
                seen.append(Seen(case, ours, plain, shown, derived, len(encode(ours)), len(encode(plain))))
    return seen


async def _observe(session: SandboxSession, case: Case, output: Path) -> tuple[str, str]:
    ending = "\nv" if case.kind == "value" else ""
    result = await session.run(code_of(case) + ending, limit_seconds=LIMIT_SECONDS, toolkits=())
    if (result.status == "ok") == (case.kind == "error"):
        raise SandboxError(f"The value {case.name!r} ended as {result.status}: {result.error}")
    ours = format_observation(result, OBSERVATION_CHARS)
    if case.kind != "value":
        return ours, await anyio.to_thread.run_sync(_plain_python, case)
    await _value_of(session, "open('/output/plain.txt', 'w', encoding='utf-8').write(repr(v))")
    return ours, await anyio.Path(output / "plain.txt").read_text(encoding="utf-8")


async def _facts(session: SandboxSession, case: Case) -> list[str]:
    code = f"import json\njson.dumps([{', '.join((*case.shown, *case.derived))}])"
    setup = "" if case.kind == "value" else code_of(Case("", "names\n"))
    facts: list[str] = json.loads(await _value_of(session, setup + code))
    return facts


async def _value_of(session: SandboxSession, code: str) -> Any:
    result = await session.run(code, limit_seconds=LIMIT_SECONDS, toolkits=())
    if result.status != "ok":
        raise SandboxError(f"A fact could not be computed: {result.error}")
    return result.value


def _plain_python(case: Case) -> str:
    library = find_library(SandboxSettings())
    environment = {**os.environ, "PYTHONPATH": str(library) if library else "", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory(prefix="sanca-observation-") as folder:
        script = Path(folder) / "action.py"
        script.write_text(code_of(case), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-S", script], env=environment, capture_output=True, text=True, check=False
        )
    return done.stdout + done.stderr


if __name__ == "__main__":
    main()
