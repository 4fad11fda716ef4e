"""What a round costs, how prompts grow, and what actions save against JSON tool calls. Model-free: models are scripted.

Method.
- `round_overhead_ratio`: the engine's time for a whole round (perception, prompt, model, check, sandbox, observation,
  self-check, events, journal) against one bare `chat.completions.create` of openai's client with the very same request,
  streamed, in the same process, from the same scripted server (which is another process). Medians of blocks in turn,
  each 20 rounds of one run; a request's reply is the same for both.
- `prefix_stable_share`: of those 20 requests the share of tokens, of each but the first, with which the request before
  began as well; what a provider's cache can keep.
"""

from __future__ import annotations

import argparse
from functools import partial

import anyio
from _harness import Row, arguments, report
from _prompt_sizes import prompt_rows
from _round_cost import measure_rounds
from _saved import measure_saved

PARTS = ("overhead", "prompts", "saved")


def main() -> None:
    """Measure and print."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--only", choices=PARTS, help="measure only this part")
    own.add_argument("--full", action="store_true", help="all 800 tasks of BFCL, not 100")
    options = arguments(__doc__ or "", own)
    rows: list[Row] = []
    if options.only in (None, "overhead"):
        rows += anyio.run(measure_rounds, 2 if options.quick else 7)
    if options.only in (None, "prompts"):
        rows += anyio.run(prompt_rows)
    if options.only in (None, "saved"):
        rows += anyio.run(partial(measure_saved, options.data, every=8 if options.quick else 1, full=options.full))
    report(rows, as_json=options.json)


if __name__ == "__main__":
    main()
