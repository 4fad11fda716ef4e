"""The loop of rounds in a guest: takes an action, runs it in the session's namespace, answers with value or error.

Messages (msgpack): in `{"code", "toolkits", "filename", "folder"}`; out `{"value", "value_json", "value_name",
"value_table", "final_answer", "images"}` or `{"error", "error_type", "is_limit", "hint", "missing_library"}`, both
with `{"warnings", "stderr", "names"}`.
"""

from __future__ import annotations

import ast
import builtins
import gc
import linecache
import os
import signal
import socket
import sys
import threading
import types
from _signal import signal as _handle_signal  # type: ignore[import-not-found] # typeshed has it not; `signal` around it makes enums
from collections.abc import Mapping
from typing import Any

from . import frames, places
from .answers import Answers
from .channel import ToolChannel
from .descriptions import Descriptions
from .errors import PUBLIC
from .keeping import why_not
from .known_names import known_names
from .libraries import ADDED_FOLDER
from .proxies import Tool, Toolkit, Tools, make_toolkits
from .records import Record
from .snapshot import Names
from .streams import Printed, PrintedErrors
from .summaries import LAST_VALUE, name_of
from .threads import end_threads, interrupt_threads, running
from .tracebacks import remember_source

_REAL_BUILTINS = frozenset(dir(builtins))
_THREAD_STACK_BYTES = 1 << 20
_ACTION_BYTES = 4 << 20
_END_THREADS_SECONDS = 0.03
_INTERRUPT = int(signal.SIGINT)
_SWITCH_SECONDS = 0.0005
"""So that an interrupt and tool calls get their turn soon beside threads that only compute."""


class Worker:
    """The session's namespace and how an action runs in it.

    Made in the fork server, for what is made there no session has to make; a session begins with `serve`. The sockets
    and descriptor 1 may be others by then, under the same numbers.
    """

    def __init__(self, results: socket.socket, tools: socket.socket) -> None:
        self._results = results
        self._printed = Printed(1)
        self._errors = PrintedErrors(self._printed)
        self._channel = ToolChannel(tools)
        self._descriptions = Descriptions(self._channel)
        self._main = types.ModuleType("__main__")
        self._main.__dict__["__builtins__"] = builtins
        self._given: set[str] = set()
        self._toolkits: tuple[str, ...] = ()
        self._files: set[str] = set()
        self._answers = Answers(self._printed, self._errors, self._files)
        self._is_running = False
        self._is_interrupted = False
        self._threads_before = frozenset[int]()
        self._pid = 0

    def serve(self) -> None:
        """Run actions until the first process closes the socket."""
        self._begin()
        while True:
            try:
                message, pipes = frames.receive_with_descriptors(self._results, _ACTION_BYTES, 1)
            except EOFError:
                return
            action = frames.unpack(message)
            if "names" in action:
                answer = self.move_names(action, pipes)
            else:
                answer = self._warm_up() if "warm_up" in action else self.run(action)
            reply = frames.pack({**answer, "key": action.get("key")}, unicode_errors="surrogatepass")
            frames.send(self._results, reply)

    def _begin(self) -> None:
        threading.stack_size(_THREAD_STACK_BYTES)  # the address space is limited, and 8 MB a thread use it up
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.enable()
        sys.stdout, sys.stderr = self._printed, self._errors
        sys.modules["__main__"] = self._main
        self._pid = os.getpid()
        self._channel.begin()
        self._give_fixed_names()
        self._names = Names(self._main.__dict__, self._files)

    def run(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """Run one action; every outcome is an answer, only the end of the process is none."""
        answer: dict[str, Any] = {}
        self._prepare(action)
        try:
            self._is_running = True
            try:
                value, name = self._execute(str(action["code"]), str(action["filename"]))
                answer = self._answers.describe_value(value, name)
                sys.stdout.flush()
            finally:
                self._is_running = False
        except BaseException as error:  # whatever an action raises is its answer
            answer = self._answers.describe_error(error, self._toolkits)
        answer["names"] = known_names(self._main.__dict__)
        if self._is_interrupted and not self._channel.is_sending:
            end_threads(self._threads_before, _END_THREADS_SECONDS)
        _flush()
        if os.getpid() != self._pid:
            os._exit(0)  # a child that the action forked and let run out of it: the answer is its parent's
        return answer

    def move_names(self, request: Mapping[str, Any], pipes: list[int]) -> dict[str, Any]:
        """Take the names out or bring them back, through a pipe; see `snapshot.py`."""
        _handle_signal(_INTERRUPT, self._on_interrupt)
        try:
            self._is_running = True
            try:
                if request["names"] == "take":
                    answer = self._names.take(pipes[0], request, self._toolkits)
                else:
                    answer = self._names.bring(pipes[0], self._give_toolkits)
            finally:
                self._is_running = False
        except BaseException as error:  # values run their own code when they are pickled
            answer = {"error": why_not(error)}
        for pipe in pipes:
            os.close(pipe)
        _flush()
        return answer

    def _warm_up(self) -> dict[str, Any]:
        """Run an action and forget it: the first real one finds every page copied that it needs."""
        before = dict(self._main.__dict__)
        answer = self.run({"code": "1 + 1", "toolkits": (), "filename": "warm-up", "folder": "/tmp"})  # noqa: S108
        self._main.__dict__.clear()
        self._main.__dict__.update(before)
        for filename in self._files:
            linecache.cache.pop(filename, None)
        self._files.clear()
        return answer

    def _prepare(self, action: Mapping[str, Any]) -> None:
        _handle_signal(_INTERRUPT, self._on_interrupt)
        self._channel.is_interrupted = self._is_interrupted = False
        self._threads_before = running()
        _collect_ended_children()
        os.chdir(str(action["folder"]))
        self._descriptions.forget()
        self._give_toolkits(tuple(action["toolkits"]))
        self._answers.begin(str(action["code"]), self._main.__dict__)
        added = places.real(ADDED_FOLDER)
        if os.access(added, os.F_OK) and added not in sys.path:
            sys.path.append(added)

    def _execute(self, code: str, name: str) -> tuple[Any, str]:
        """Return the last expression's value and what the next action may call it."""
        filename = f"{name}#{len(self._files) + 1}"
        self._files.add(filename)
        remember_source(filename, code)
        tree = ast.parse(code, filename)
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if last is not None:
            tree.body.pop()
        space = self._main.__dict__
        if tree.body:
            exec(compile(tree, filename, "exec"), space)  # noqa: S102 - running it is what the sandbox is for
        if last is None:
            return None, LAST_VALUE
        name = name_of(last.value)
        return eval(compile(ast.Expression(last.value), filename, "eval"), space), name  # noqa: S307 - as above

    def _on_interrupt(self, _number: int, _frame: types.FrameType | None) -> None:
        if not self._is_running:
            return
        self._is_interrupted = True
        interrupt_threads(self._threads_before)  # at once: the action may wait for them on its way out
        self._channel.wake()
        if self._channel.is_sending:
            self._channel.is_interrupted = True
            return
        raise KeyboardInterrupt

    def _give_fixed_names(self) -> None:
        tools = Tools(self._channel, self._descriptions)
        self._give({error.__name__: error for error in PUBLIC})
        self._give({"Record": Record, "say": self._say, "tools": tools, "help": _help})
        self._give({"final_answer": self._answers.take_final})

    def _give_toolkits(self, names: tuple[str, ...]) -> None:
        if names == self._toolkits:
            return
        for gone in self._given:
            builtins.__dict__.pop(gone, None)
        toolkits = make_toolkits(self._channel, self._descriptions, names)
        self._give(toolkits)
        self._given = set(toolkits) - _REAL_BUILTINS
        self._toolkits = names

    def _give(self, names: Mapping[str, Any]) -> None:
        """Make names known below the action's own: an action may use them for itself, and `del` brings ours back."""
        for name, value in names.items():
            space = self._main.__dict__ if name in _REAL_BUILTINS else builtins.__dict__
            space[name] = value

    def _say(self, text: object, message_id: object = None) -> None:
        """Say something to the person now, while the action runs; the same `message_id` again replaces what it said."""
        self._channel.call("sanca", "say", (str(text),) if message_id is None else (str(text), str(message_id)))


def _help(topic: Any = None) -> None:
    """Print the documentation of anything: a tool, a toolkit, a module, a function."""
    if isinstance(topic, Tool | Toolkit):
        print(topic.__doc__)  # noqa: T201 - printing is what help does
        return
    import pydoc  # slow to import, seldom needed

    print(pydoc.plain(pydoc.render_doc(topic)))  # noqa: T201


def _collect_ended_children() -> None:
    """Reap what the first process killed after the last round; a zombie still counts against the limit of processes."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: S112 - the action may have put anything there
            continue
