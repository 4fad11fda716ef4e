"""`python -m sanca` is the `sanca` command."""

from __future__ import annotations

from sanca.python_runtime.cli import main

if __name__ == "__main__":
    main()
