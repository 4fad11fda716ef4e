"""Ends the threads that an interrupted action started. A help, not a wall: who resists is killed from outside."""

from __future__ import annotations

import ctypes
import sys
import threading
import time

_PAUSE_SECONDS = 0.001


def running() -> frozenset[int]:
    """Return the idents of every thread that runs Python, also of those that `threading` does not know."""
    return frozenset(sys._current_frames())


def interrupt_threads(before: frozenset[int]) -> bool:
    """Raise KeyboardInterrupt in the threads that were not there before; whether there is one.

    A thread that waits in C (a lock, a sleep) sees it only when it comes back.
    """
    left = running() - before - {threading.get_ident()}
    for ident in left:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(KeyboardInterrupt))
    return bool(left)


def end_threads(before: frozenset[int], seconds: float) -> None:
    """Interrupt the threads that were not there before until they have ended or the time is up."""
    deadline = time.monotonic() + seconds
    while interrupt_threads(before) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
