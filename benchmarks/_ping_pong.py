"""A socket pair and a codec with nothing around them: what a tool call out of the sandbox is measured against.

`answerer` (a process of its own) answers every message at once. The bare client sends the same message, in the same
codec, over the same kind of socket, and decodes the answer.
"""

from __future__ import annotations

import socket
import subprocess
import sys

ANSWERER = r"""
import socket, sys
import msgpack
end = socket.socket(fileno=int(sys.argv[1]))
DESCRIBED = {"version": "1", "toolkits": [{"name": "host", "description": "", "tools": [{"name": "echo"}]}]}
while datagram := end.recv(1 << 17):
    asked = msgpack.unpackb(memoryview(datagram)[1:])
    value = DESCRIBED if asked["f"] == "describe" else asked["a"][0]
    end.send(b"\0" + msgpack.packb({"n": asked["n"], "ok": True, "v": value}))
"""
BARE_CLIENT = r"""
import socket, sys, time
import msgpack
end, count, text = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
figures = []
for number in range(count):
    begin = time.perf_counter_ns()
    end.send(b"\0" + msgpack.packb({"n": number, "t": "host", "f": "echo", "a": [text], "k": {}}))
    answer = msgpack.unpackb(memoryview(end.recv(1 << 17))[1:])
    assert answer["v"] == text
    figures.append(time.perf_counter_ns() - begin)
print(sorted(figures)[count // 2] / 1000)
"""
GUEST_CLIENT = """
import time
def measure(count, text):
    figures = []
    for _ in range(count):
        begin = time.perf_counter_ns()
        value = host.echo(text)
        figures.append(time.perf_counter_ns() - begin)
        assert value == text
    return sorted(figures)[count // 2] / 1000
measure({count}, {text!r})
"""
TEXT = "0123456789abcdef"


def answerer(end: socket.socket) -> subprocess.Popen[bytes]:
    """Start a process that answers on this end."""
    return subprocess.Popen([sys.executable, "-c", ANSWERER, str(end.fileno())], pass_fds=[end.fileno()])


def bare_microseconds(count: int) -> float:
    """Return the median time of a bare call."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, answerer(theirs) as process:
        theirs.close()
        command = [sys.executable, "-c", BARE_CLIENT, str(ours.fileno()), str(count), TEXT]
        printed = subprocess.run(command, pass_fds=[ours.fileno()], capture_output=True, check=True).stdout
        ours.close()
        process.wait(10)
    return float(printed)
