"""`python -m sanca` is the `sanca` command."""

from __future__ import annotations

import sys

from sanca.python_runtime.cli import main

if __name__ == "__main__":
    sys.exit(main())
