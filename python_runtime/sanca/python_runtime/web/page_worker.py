"""The process that reads one page: a line of JSON and the page's bytes come in, JSON goes out.

`python -I -m sanca.python_runtime.web.page_worker`. It holds no secret, writes no file, and is over with the page.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys

from sanca.python_runtime.web.page_reading import UnreadableError, Wanted, read_page

_MEMORY_BYTES = 1 << 30
"""The most address space of the process: a bomb in a page ends it, not the machine."""


def main() -> None:
    """Answer what stands on stdin."""
    _limit()
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    wanted = Wanted(**asked["wanted"])
    try:
        answer = dataclasses.asdict(read_page(data, asked["kind"], asked["media_type"], asked["url"], wanted))
    except UnreadableError as error:
        answer = {"error": str(error), "is_asked_wrong": bool(wanted.section or wanted.selector)}
    except (MemoryError, RecursionError):
        answer = {"error": "it is nested too deep, or needs more memory than a page may", "is_asked_wrong": False}
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _limit() -> None:
    for which, most in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        hard = resource.getrlimit(which)[1]
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (wanted, wanted))
        except (OSError, ValueError):  # macOS has no limit of address space; the time limit holds there too
            print(f"limit {which} cannot be set here", file=sys.stderr)  # noqa: T201 - a process of its own


if __name__ == "__main__":
    main()
