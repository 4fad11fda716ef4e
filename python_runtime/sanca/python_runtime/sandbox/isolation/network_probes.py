"""Attacks that reach out: the loopback, unix and abstract sockets, names, and a door of their own."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe, all_of, nothing_done


def _nobody_listens(evidence: Evidence) -> str | None:
    return "it could be reached from outside" if evidence.facts.get("listened") else None


PROBES = (
    Probe(
        "network.loopback",
        "connect to a port of this machine, such as the gateway's",
        """
import socket
for port in (@PORT@, 15333, 15334, 8080):
    tried(f"connect {port}", lambda: socket.create_connection(("127.0.0.1", port), timeout=0.5).close())
""",
        nothing_done,
    ),
    Probe(
        "network.loopback-ipv6",
        "connect to a port of this machine over IPv6",
        """
import socket
tried("connect", lambda: socket.create_connection(("::1", @PORT6@), timeout=0.5).send(b"hello"))
""",
        nothing_done,
        bare="differs",
    ),
    Probe(
        "network.datagram",
        "send a datagram to a port of this machine",
        """
import socket
tried("sendto", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", @UDP@)))
""",
        nothing_done,
    ),
    Probe(
        "network.names",
        "ask for an address by name",
        """
import socket
for name in ("localhost", socket.gethostname()):
    tried(name, lambda: socket.getaddrinfo(name, 80))
query = b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x05sanca\\x07invalid\\0\\0\\x01\\0\\x01"
tried("query", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(query, ("127.0.0.1", @UDP@)))
""",
        nothing_done,
        limit_seconds=5.0,
    ),
    Probe(
        "network.web",
        "fetch a page",
        """
import urllib.request
tried("fetch", lambda: urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=1))
""",
        nothing_done,
    ),
    Probe(
        "network.unix-socket",
        "connect to a socket file of the host",
        """
import socket
for path in ("@UNIX@", "/proc/1/root@UNIX@", "/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"):
    tried(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
""",
        nothing_done,
    ),
    Probe(
        "network.abstract-socket",
        "connect to a socket of the host that has no file",
        """
import socket
tried("stream", lambda: socket.socket(socket.AF_UNIX).connect("\\0@TAG@"))
tried("datagram", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", "\\0@TAG@-datagram"))
""",
        nothing_done,
    ),
    Probe(
        "network.given-sockets",
        "turn the sockets it was given into ways out",
        """
import ctypes, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
targets = [struct.pack("=H108s", 1, b"@UNIX@"), struct.pack("=H", 1) + b"\\0@TAG@-datagram",
           struct.pack("=HH4s8x", 2, socket.htons(@PORT@), socket.inet_aton("127.0.0.1"))]
def check(value):
    if value < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return value
for number in range(3, 12):
    for address in targets:
        tried(f"connect {number}", lambda: check(libc.connect(number, address, len(address))))
        tried(f"sendto {number}", lambda: check(libc.sendto(number, b"\\x07", 1, 0x40, address, len(address))))
""",
        bare="differs",
    ),
    Probe(
        "network.own-door",
        "listen on a port of this machine",
        """
import socket, time
def serve():
    door = socket.socket(); door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", @FREE@)); door.listen(8)
    sys.stdout.flush(); door.settimeout(2.5)
    return door.accept()
tried("listen", serve)
""",
        all_of(nothing_done, _nobody_listens),
        limit_seconds=4.0,
        bare="differs",
    ),
    Probe(
        "network.kernel-sockets",
        "open a socket to the kernel or to the wire",
        """
import socket
kinds = {"netlink": (16, 3, 0), "packet": (17, 3, 768), "raw": (2, 3, 1), "vsock": (40, 1, 0), "alg": (38, 5, 0),
         "key": (15, 3, 2), "xdp": (44, 3, 0), "mptcp": (2, 1, 262)}
for name, kind in kinds.items():
    tried(name, lambda: socket.socket(*kind))
hold()
""",
        nothing_done,
    ),
)
