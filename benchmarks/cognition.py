"""What a round costs, how prompts grow, and what actions save against JSON tool calls. Model-free: models are scripted.

Method.
- `round_overhead_ratio`: the engine's time for a whole round (perception, prompt, model, check, sandbox, observation,
  self-check, events, journal) against one bare `chat.completions.create` of openai's client with the very same request,
  streamed, in the same process, from the same scripted server (which is another process). Medians of blocks in turn,
  each 20 rounds of one run; a request's reply is the same for both. `round_processor_ratio`: the same of this
  process's processor time, which a busy machine does not change much.
- `prefix_stable_share`: of those 20 requests the share of tokens, of each but the first, with which the request before
  began as well; what a provider's cache can keep.
- `prompt_tokens_20`, `…_200`, `…_2000`: tokens of a run's first request with so many tools. See `_prompt_sizes.py`.
- `rounds_saved_ratio_SET`, `tokens_saved_ratio_SET`: 1 − actions / JSON tool calls, of the model calls and of all
  tokens in and out, for the set's own solutions. Both are really run by `sanca eval`'s two modes with a model that
  plays the solutions, and graded by the set; each turn ends with the same words in both, and each request carries the
  whole conversation as that mode has it, so observations and tool answers count as often as they are sent. The tool
  calls come in as few batches as the data allow; the rule is in `_solutions.py`. Actions begin anew after values that
  have to be read out of a text, and show every call's result, as tool calls do. `…_strict`: they also begin anew after
  values that have to be chosen from a list; `…_as_written`: the set's programs as they stand, one a turn, which show
  only their last value. `fresh_tokens_…`: without what the request before began with too, which a cache would keep.
  One in eight of BFCL's tasks unless `--full`; `--data` names a folder with `m3tooleval` and `tau_retail`.
- `truth_tasks_per_second_SET`: the same solutions by `--truth`, begin and grade of each task included.
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
