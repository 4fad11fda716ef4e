"""A scripted model server in a process of its own, so that its time is not the measured process's. Not a benchmark.

Run as `_scripted_model.py ROUNDS FOLDER`: it answers with an action until a conversation has `ROUNDS` of them, then
with an answer. The address is its first line on stdout; bodies of requests go to `FOLDER/bodies.jsonl` while the file
`FOLDER/record` is there.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FAKES = Path(__file__).resolve().parents[1] / "tests" / "fakes"
ACTION = """\
I look at the next figure.

```python
figures = [{{"place": place, "size": place * {number}}} for place in range(1, 6)]
total = sum(one["size"] for one in figures)
{{"round": {number}, "total": total, "largest": max(figures, key=lambda one: one["size"])}}
```"""
ANSWER = "The figures were looked at, one after the other."


@contextlib.contextmanager
def scripted_model(rounds: int, folder: Path) -> Iterator[str]:
    """Run the server as long as the block lasts; yields its OpenAI base URL."""
    command = [sys.executable, __file__, str(rounds), str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield child.stdout.readline().strip() + "/v1"
    finally:
        child.terminate()
        child.wait(10)


def main() -> None:
    """Serve until stdin is closed or it is ended."""
    sys.path.insert(0, str(FAKES))
    from model_server import FakeModelServer

    rounds, folder = int(sys.argv[1]), Path(sys.argv[2])
    lock = threading.Lock()

    def reply(body: dict[str, Any]) -> str:
        number = sum(message["role"] == "assistant" for message in body["messages"])
        if (folder / "record").exists():
            with lock, (folder / "bodies.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(body) + "\n")
        return ACTION.format(number=number + 1) if number < rounds else ANSWER

    with FakeModelServer(reply) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
