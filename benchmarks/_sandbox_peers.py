"""How others run a piece of Python, each as `fresh()` (start, run `1+1`, end) and, where names live on, `held()`."""

from __future__ import annotations

import contextlib
import importlib.util
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CODE = "print(1+1)"
_MEGABYTES = 256


@dataclass(frozen=True)
class Peer:
    """One way; `None` where it has no such thing."""

    name: str
    fresh: Callable[[], None]
    held: Callable[[], None] | None = None
    close: Callable[[], None] | None = None


def peers() -> tuple[list[Peer], dict[str, str]]:
    """Return the peers that can run here, and why the others cannot."""
    found: list[Peer] = []
    absent: dict[str, str] = {}
    makers: dict[str, Callable[[], Peer | str]] = {
        "python": _python,
        "interpreter": _interpreter,
        "rlimits": _rlimits,
        "bubblewrap": _bubblewrap,
        "smolagents": _smolagents,
        "monty": _monty,
        "ipykernel": _ipykernel,
    }
    for name, make in makers.items():
        made = make()
        if isinstance(made, str):
            absent[name] = made
        else:
            found.append(made)
    return found, absent


def _run(command: list[str], **options: Any) -> None:
    done = subprocess.run(command, capture_output=True, check=False, **options)
    if done.stdout.strip() != b"2":
        raise RuntimeError(f"{command[0]} did not answer 2: {done.stdout!r} {done.stderr[-300:]!r}")


def _python() -> Peer | str:
    program = shutil.which("python") or shutil.which("python3")
    if program is None:
        return "there is no python on the PATH"
    return Peer("python", lambda: _run([program, "-c", CODE]))


def _interpreter() -> Peer:
    return Peer("interpreter", lambda: _run([sys.executable, "-c", CODE]))


def _rlimits() -> Peer:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEGABYTES << 20, _MEGABYTES << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    return Peer("rlimits", lambda: _run([sys.executable, "-c", CODE], preexec_fn=limit))


def _bubblewrap() -> Peer | str:
    program = shutil.which("bwrap")
    if program is None:
        return "bwrap is not installed (apt install bubblewrap)"
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108 - inside
    walls = ["--unshare-all", "--die-with-parent", "--new-session"]
    return Peer("bubblewrap", lambda: _run([program, *mounts, *walls, sys.executable, "-c", CODE], env={}))


def _smolagents() -> Peer | str:
    if importlib.util.find_spec("smolagents") is None:
        return "smolagents is not installed; `make bench` makes its environment"
    from smolagents.local_python_executor import LocalPythonExecutor  # type: ignore[import-not-found,unused-ignore]

    def made() -> Any:
        executor = LocalPythonExecutor([])
        executor.send_tools({})
        return executor

    def ask(executor: Any) -> None:
        if executor("1+1").output != 2:
            raise RuntimeError("smolagents did not answer 2")

    kept = made()
    return Peer("smolagents", lambda: ask(made()), lambda: ask(kept))


def _monty() -> Peer | str:
    if importlib.util.find_spec("pydantic_monty") is None:
        return "pydantic-monty is not installed; `make bench` makes its environment"
    import pydantic_monty

    opened = contextlib.ExitStack()
    pool = opened.enter_context(pydantic_monty.Monty())
    kept = opened.enter_context(pool.checkout())

    def ask(session: pydantic_monty.MontySession) -> None:
        if session.feed_run("1+1") != 2:
            raise RuntimeError("monty did not answer 2")

    def fresh() -> None:
        with pool.checkout() as session:
            ask(session)

    return Peer("monty", fresh, lambda: ask(kept), opened.close)


def _ipykernel() -> Peer | str:
    if importlib.util.find_spec("ipykernel") is None:
        return "ipykernel is not installed; `make bench` makes its environment"
    from jupyter_client.manager import KernelManager  # type: ignore[import-not-found,unused-ignore]

    def started() -> tuple[Any, Any]:
        manager = KernelManager()
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        return manager, client

    def ask(client: Any) -> None:
        client.execute_interactive("1+1", timeout=60, output_hook=lambda _: None)

    def end(manager: Any, client: Any) -> None:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

    def fresh() -> None:
        manager, client = started()
        ask(client)
        end(manager, client)

    kept = started()
    return Peer("ipykernel", fresh, lambda: ask(kept[1]), lambda: end(*kept))


def seconds(work: Callable[[], None]) -> float:
    """Return how long it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
