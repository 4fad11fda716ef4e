"""How well intents are told and questions asked, and how long that takes; `--fit` learns the weights anew.

    python benchmarks/intent_match.py            counts by intent, and the time a message takes
    python benchmarks/intent_match.py --carried  how the weights do on develop messages they were not fitted on
    python benchmarks/intent_match.py --fit      fit on phrases.txt, the develop half and the skills' requests

The test halves are only ever counted: no message of them is shown, and nothing is fitted on them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "tests" / "support")]

from _intent_fit import carried_over, save  # noqa: E402
from labelled_messages import judge, rows, surroundings  # noqa: E402
from sanca.memory import load_skill_library  # noqa: E402
from sanca.python_runtime.perception import Interpreter  # noqa: E402

WEIGHTS = ROOT / "python_runtime" / "sanca" / "python_runtime" / "perception" / "intents.npz"
AGAIN = 5
HALVES = ("develop", "develop_more", "test", "test_more")


def milliseconds(interpreter: Interpreter) -> list[float]:
    """Return the processor time of interpreting each develop message: others on the machine do not count."""
    taken = []
    for row in rows("develop"):
        around = surroundings(row)
        begun = time.process_time()
        for _ in range(AGAIN):
            interpreter.interpret(row["message"], around)
        taken.append((time.process_time() - begun) * 1000 / AGAIN)
    return taken


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--carried", action="store_true")
    wanted = parser.parse_args()
    library = load_skill_library()
    if wanted.fit:
        save(library, WEIGHTS)
        print(f"Wrote {WEIGHTS.stat().st_size:,} bytes.")
    elif wanted.carried:
        found = carried_over(library)
        right = sum(one.intent == intent for one, intent, _ in found)
        print(f"{right} of {len(found)} develop messages, not learned from")
    else:
        interpreter = Interpreter(library)
        for half in HALVES:
            print(f"{half}: {judge(interpreter, half)}")
        taken = milliseconds(interpreter)
        high = statistics.quantiles(taken, n=20)[-1]
        print(f"time: median {statistics.median(taken):.2f} ms, p95 {high:.2f} ms a message")


if __name__ == "__main__":
    main()
