"""Pickles of an action's names: what can be kept, what not and why. Runs in the guest; the only place that unpickles.

cloudpickle (of the guest library) keeps functions and classes that actions define; without it they cannot be kept.
Functions come back with the session's own namespace as their globals, so that names bound later are seen by them.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib
import io
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from .proxies import Tool, Toolkit, Tools

_REASON_CHARS = 200
_TOO_SLOW = "it takes longer than allowed to write it down."
_SHARED_SECONDS = 0.1
_WITHOUT_CLOUDPICKLE = "functions and classes are kept only where the guest library has cloudpickle."
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO), "an open file"),
    ((types.GeneratorType, types.AsyncGeneratorType), "a running generator"),
    ((types.CoroutineType, asyncio.Future), "a coroutine or a task"),
    ((asyncio.AbstractEventLoop,), "an event loop"),
    ((threading.Thread,), "a thread"),
    ((type(threading.Lock()), type(threading.RLock()), threading.Event, threading.Condition, queue.Queue), "a lock"),
    ((socket.socket,), "a socket"),
    ((subprocess.Popen,), "a process"),
)


class CannotKeepError(Exception):
    """A value that cannot be kept; says why."""


class TooMuchError(Exception):
    """What is pickled is larger than allowed, or takes longer."""


class _Sink(io.RawIOBase):
    """Takes a pickle's bytes within a size and a time."""

    def __init__(self, limit_bytes: int, deadline: float, *, keeps: bool) -> None:
        self._chunks: list[bytes] | None = [] if keeps else None
        self._limit_bytes = limit_bytes
        self._deadline = deadline
        self.size = 0

    def write(self, chunk: Any) -> int:
        self.size += (length := memoryview(chunk).nbytes)
        if self.size > self._limit_bytes:
            raise TooMuchError("it is larger than what is kept.")
        if time.monotonic() > self._deadline:
            raise TooMuchError(_TOO_SLOW)
        if self._chunks is not None:
            self._chunks.append(bytes(chunk))
        return length

    def value(self) -> bytes:
        return b"".join(self._chunks or ())


class _Globals:
    """Stands for the namespace of actions in a pickle."""

    def __reduce__(self) -> tuple[Callable[[], dict[str, Any]], tuple[()]]:
        return namespace, ()


def namespace() -> dict[str, Any]:
    """Return the namespace of this session's actions."""
    return sys.modules["__main__"].__dict__


def proxy(name: str, tool: str | None) -> Any:
    """Return this session's proxy of a toolkit, or of a tool of it."""
    first, *rest = name.split(".")
    found = getattr(builtins, first)
    for part in (*rest, *([] if tool is None else [tool])):
        found = getattr(found, part)
    return found


def _reduce_ours(value: Any) -> Any:
    """Return how to find a proxy again, None for what is none; refuse what no pickle brings back."""
    cls: type = type(value)
    kind = _kind_of(cls)
    if not kind:
        return None
    if kind == "method":
        return (proxy, ("say", None)) if value == proxy("say", None) else None
    if kind != "proxy":
        raise CannotKeepError(f"it is {kind}, or holds one.")
    if isinstance(value, Tool):
        toolkit, _, name = value.__qualname__.rpartition(".")
        return proxy, (toolkit, name)
    if isinstance(value, Toolkit):
        return proxy, (repr(value).removeprefix("<toolkit ").removesuffix(">"), None)
    return proxy, ("tools", None)


@lru_cache(maxsize=4096)
def _kind_of(cls: type) -> str:
    """Return `proxy` or `method` for what may be ours, what it is called for what cannot be kept, else nothing."""
    if issubclass(cls, Tool | Toolkit | Tools):
        return "proxy"
    if cls is types.MethodType:
        return "method"
    return next((said for kinds, said in _KINDS if issubclass(cls, kinds)), "")


def _make_pickler(sink: _Sink) -> Any:
    try:
        cloudpickle = importlib.import_module("cloudpickle")  # of the guest library, if there is one
    except ImportError:
        return _PlainPickler(sink, pickle.HIGHEST_PROTOCOL)

    base: Any = cloudpickle.Pickler

    class _FullPickler(base):  # type: ignore[misc]  # the engine's environment has no cloudpickle to tell its type
        def reducer_override(self, value: Any) -> Any:
            if (ours := _reduce_ours(value)) is not None:
                return ours
            reduced = super().reducer_override(value)
            if isinstance(value, types.FunctionType) and value.__globals__ is space and isinstance(reduced, tuple):
                # Not the values of the globals it uses: they are names of their own, kept or not on their own account.
                make, arguments, (state, slots), *rest = reduced
                return make, arguments, (state, {**slots, "__globals__": {}}), *rest
            return reduced

    space = namespace()
    pickler = _FullPickler(sink, pickle.HIGHEST_PROTOCOL)
    pickler.globals_ref[id(space)] = _Globals()
    return pickler


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if (ours := _reduce_ours(value)) is not None:
            return ours
        if isinstance(value, types.FunctionType | type) and value.__module__ == "__main__":
            raise CannotKeepError(_WITHOUT_CLOUDPICKLE)
        return NotImplemented


def pickle_names(names: Mapping[str, Any], limit_bytes: int, deadline: float) -> tuple[bytes, dict[str, str]]:
    """Return the pickle of a dict of the names that can be kept, and why the others cannot.

    Args:
        names: What the actions bound. Values that share an object share it afterwards.
        limit_bytes: Of the pickle; the largest names are left out first.
        deadline: On the monotonic clock; what takes longer is left out.
    """
    lost: dict[str, str] = {}
    try:
        with _half_the_time(deadline):
            return _pickle(dict(names), limit_bytes, deadline), lost
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: S110 - the names are looked at one by one, which tells what it was
        pass
    sizes: dict[str, int] = {}
    for name, value in names.items():
        try:
            with _half_the_time(deadline):
                sizes[name] = _measure({name: value}, limit_bytes, deadline)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a value may raise what it likes while it is pickled
            lost[name] = why_not(error)
    kept = _that_fit(sizes, limit_bytes, lost)
    try:
        return _pickle({name: names[name] for name in kept}, limit_bytes, deadline), lost
    except Exception as error:
        lost.update(dict.fromkeys(kept, why_not(error)))
        return _pickle({}, 1000, time.monotonic() + 1), lost


@contextmanager
def _half_the_time(deadline: float) -> Iterator[None]:
    """Leave the other half to what comes after: a value may never come to an end, and write nothing meanwhile.

    Only where there is time to share; a snapshot of an instant has it from outside.
    """
    left = deadline - time.monotonic()
    if left < _SHARED_SECONDS or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TooMuchError(_TOO_SLOW)

    handler, timer = signal.signal(signal.SIGALRM, stop), signal.setitimer(signal.ITIMER_REAL, left / 2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)


def why_not(error: BaseException) -> str:
    """Return a sentence that says why a name cannot be kept."""
    if isinstance(error, CannotKeepError | TooMuchError):
        return str(error)
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:  # an exception may print itself as badly as it likes
        text = type(error).__name__
    return f"it cannot be pickled ({text[:_REASON_CHARS]})."


def _that_fit(sizes: dict[str, int], limit_bytes: int, lost: dict[str, str]) -> list[str]:
    room = limit_bytes
    fitting = set()
    for name in sorted(sizes, key=sizes.__getitem__):
        room -= sizes[name]
        if room < 0:
            lost[name] = "there is no room for it in what is kept."
        else:
            fitting.add(name)
    return [name for name in sizes if name in fitting]


def _pickle(value: Any, limit_bytes: int, deadline: float) -> bytes:
    sink = _Sink(limit_bytes, deadline, keeps=True)
    _make_pickler(sink).dump(value)
    return sink.value()


def _measure(value: Any, limit_bytes: int, deadline: float) -> int:
    sink = _Sink(limit_bytes, deadline, keeps=False)
    _make_pickler(sink).dump(value)
    return sink.size
