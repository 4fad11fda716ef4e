"""The kernel's own small files, without the machinery of `open`: pages that it touches are copied in every session."""

from __future__ import annotations

import os

_MOST_BYTES = 65536


def read(path: str) -> bytes:
    """Return a file's content, at most 64 KB."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)


def write(path: str, text: str) -> None:
    """Write a value in one piece."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)
