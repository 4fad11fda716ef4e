"""Attacks on the kernel's rarer doors: mounts, namespaces, io_uring, keys, bpf, performance counters, other tables."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Bare, Check, Evidence, Probe, all_of, nothing_done


def _none_held(*kinds: str) -> Check:
    """Return a check that no process of the attack was seen to hold a kernel object of these kinds."""

    def check(evidence: Evidence) -> str | None:
        held = sorted(evidence.watch.objects & set(kinds))
        return f"it held {', '.join(held)}" if held else None

    return check


def _door(name: str, must_not: str, code: str, *objects: str, bare: Bare = "achieves") -> Probe:
    return Probe(
        f"kernel.{name}",
        must_not,
        f"import ctypes\n{code}\nhold()",
        all_of(_none_held(*objects), nothing_done),
        bare=bare,
    )


PROBES = (
    _door(
        "namespaces",
        "make a new namespace, in which it would be root",
        """
for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000, 0x4000000, 0x2000000, 0x80):
    tried(f"unshare {flag:x}", lambda: kernel("unshare", flag))
""",
    ),
    _door(
        "namespaces-by-clone",
        "make a process in a new namespace",
        """
def clone(flags):
    child = kernel("clone", flags | 17, 0, 0, 0, 0)
    if child == 0: os._exit(0)
    os.waitpid(child, 0); return child
arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
def clone3():
    child = kernel("clone3", ctypes.byref(arguments), 88)
    if child == 0: os._exit(0)
    os.waitpid(child, 0); return child
for flag in (0x10000000, 0x10020000, 0x50000000, 0x30000000): tried(f"clone {flag:x}", lambda: clone(flag))
tried("clone3", clone3)
""",
    ),
    _door(
        "enter-namespaces",
        "enter the namespace of another process",
        """
for pid in (1, os.getppid(), @VICTIM@, "self"):
    for kind in ("user", "mnt", "net", "pid"):
        tried(f"{pid} {kind}", lambda: kernel("setns", os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0))
""",
        bare="as root",
    ),
    _door(
        "mounts",
        "mount or unmount something",
        """
tried("tmpfs", lambda: kernel("mount", b"x", b"/tmp", b"tmpfs", 0, 0))
tried("proc", lambda: kernel("mount", b"proc", b"/tmp", b"proc", 0, 0))
tried("bind", lambda: kernel("mount", b"/", b"/tmp", 0, 4096, 0))
tried("remount", lambda: kernel("mount", 0, b"/", 0, 32 | 4096, 0))
tried("umount", lambda: kernel("umount2", b"/input", 2))
tried("fsopen", lambda: kernel("fsopen", b"tmpfs", 0))
tried("open_tree", lambda: kernel("open_tree", -100, b"/", 1))
tried("pivot_root", lambda: kernel("pivot_root", b".", b"."))
tried("move_mount", lambda: kernel("move_mount", -100, b"/tmp", -100, b"/usr", 0))
""",
        bare="differs",
    ),
    _door(
        "memfd",
        "make a file in memory that has no name",
        "tried('memfd', lambda: kernel('memfd_create', b'x', 0))",
        "memfd",
    ),
    _door(
        "io-uring",
        "make calls past the filter through io_uring",
        "space = (ctypes.c_char * 120)()\ntried('setup', lambda: kernel('io_uring_setup', 8, ctypes.byref(space)))",
        "io_uring",
    ),
    _door(
        "userfaultfd",
        "hold the kernel in the middle of a copy",
        "tried('userfaultfd', lambda: kernel('userfaultfd', 0o2000000 | 1))",
        "userfaultfd",
    ),
    _door(
        "bpf",
        "load a program or a map into the kernel",
        """
wanted = (ctypes.c_uint * 30)(2, 4, 8, 16)
tried("map", lambda: kernel("bpf", 0, ctypes.byref(wanted), 72))
code = (ctypes.c_uint64 * 2)(0xb7, 0x95)
program = (ctypes.c_uint64 * 18)(1 | 2 << 32, ctypes.addressof(code), 0)
tried("program", lambda: kernel("bpf", 5, ctypes.byref(program), 72))
""",
        "bpf-map",
        "bpf-prog",
        bare="as root",
    ),
    _door(
        "performance",
        "watch the machine's performance counters",
        """
wanted = (ctypes.c_uint64 * 16)(1 | 112 << 32, 0)
for pid in (0, -1, @VICTIM@):
    tried(f"perf {pid}", lambda: kernel("perf_event_open", ctypes.byref(wanted), pid, 0 if pid == -1 else -1, -1, 0))
""",
        "perf_event",
        bare="as root",
    ),
    _door(
        "keys",
        "keep something in, or take something from, the kernel's key rings",
        """
for ring in (-2, -3, -4, -5):
    tried(f"add {ring}", lambda: kernel("keyctl", 21, kernel("add_key", b"user", b"@TAG@", b"kept", 4, ring)))
tried("join", lambda: kernel("keyctl", 1, 0))
""",
    ),
    _door(
        "quota",
        "read or set the quota of a file system",
        """
space = (ctypes.c_char * 200)()
for command in (0x800007, 0x800002, 0x800008):
    tried(f"quotactl {command:x}", lambda: kernel("quotactl", command << 8, b"/dev/vda", 0, ctypes.byref(space)))
tried("quotactl_fd", lambda: kernel("quotactl_fd", os.open("/", os.O_RDONLY), 0x80000700, 0, ctypes.byref(space)))
""",
        bare="differs",
    ),
    _door(
        "modules",
        "load code into the kernel or another kernel",
        """
tried("init_module", lambda: kernel("init_module", b"", 0, b""))
tried("finit_module", lambda: kernel("finit_module", os.open("/dev/null", os.O_RDONLY), b"", 0))
tried("kexec", lambda: kernel("kexec_load", 0, 0, 0, 1))
""",
        bare="differs",
    ),
    _door(
        "machine",
        "change the machine's clock, name, swap, accounting or power",
        """
now = (ctypes.c_long * 2)(1, 0)
tried("sethostname", lambda: kernel("sethostname", b"@TAG@", len("@TAG@")))
if os.path.exists("/opt/sanca"):  # only where a wall is known to stand: the next ones would be felt
    tried("clock", lambda: kernel("clock_settime", 0, ctypes.byref(now)))
    tried("time", lambda: kernel("settimeofday", ctypes.byref(now), 0))
    tried("power", lambda: kernel("reboot", 0xfee1dead, 672274793, 0, 0))
tried("swap", lambda: kernel("swapon", b"/tmp/none", 0))
tried("accounting", lambda: kernel("acct", b"/tmp"))
""",
        bare="differs",
    ),
    _door(
        "hardware",
        "reach ports and tables of the processor",
        """
tried("iopl", lambda: kernel("iopl", 3))
tried("ioperm", lambda: kernel("ioperm", 0x80, 1, 1))
tried("modify_ldt", lambda: kernel("modify_ldt", 0, ctypes.byref((ctypes.c_char * 64)()), 64))
tried("personality", lambda: kernel("personality", 0x0400000))
""",
    ),
    _door(
        "walls",
        "take its own walls down again",
        """
tried("dumpable", lambda: kernel("prctl", 4, 1, 0, 0, 0) and 1 / 0)
def drop():
    if kernel("prctl", 39, 0, 0, 0, 0) == 0: return "no_new_privs is off"
    raise PermissionError("it stays")
tried("no_new_privs", drop)
header = (ctypes.c_uint32 * 2)(0x20080522)
everything = (ctypes.c_uint32 * 6)(*[0xffffffff] * 6)
tried("capset", lambda: kernel("capset", ctypes.byref(header), ctypes.byref(everything)))
tried("ambient", lambda: kernel("prctl", 47, 2, 21, 0, 0))
tried("keep", lambda: kernel("prctl", 8, 1, 0, 0, 0) and 1 / 0)
""",
        bare="differs",
    ),
    _door(
        "listener",
        "answer its own system calls through a filter of its own",
        """
instruction = (ctypes.c_ulonglong * 1)(0x7FC00000 << 32 | 6)
class Program(ctypes.Structure): _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
wanted = Program(1, ctypes.addressof(instruction))
kernel("prctl", 39, 0, 0, 0, 0)
tried("listener", lambda: kernel("seccomp", 1, 8, ctypes.byref(wanted)))
""",
        "seccomp",
        bare="differs",
    ),
    Probe(
        "kernel.other-table",
        "make calls through the table of another machine, where the filter's numbers mean other things",
        """
if os.uname().machine != "x86_64": print("denied other table"); sys.exit()
print("DONE getpid", kernel(0x40000000 | 39))
""",
        nothing_done,
        bare="differs",
    ),
    Probe(
        "kernel.old-table",
        "make calls by the old interrupt, where the filter's numbers mean other things",
        """
import ctypes, mmap
if os.uname().machine != "x86_64": print("denied old table"); sys.exit()
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))  # getpid by interrupt 0x80
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof((ctypes.c_char * 8).from_buffer(code)))
got = call()
print("DONE getpid", got) if got > 0 else print("denied getpid", got)
""",
        nothing_done,
        bare="differs",
    ),
    _door(
        "terminal",
        "type into the terminal of the one who started it",
        """
import fcntl
for number in (0, 1, 2):
    tried(f"type {number}", lambda: fcntl.ioctl(number, 0x5412, b"x"))
tried("own terminal", lambda: fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), 0x5412, b"x"))
tried("paste", lambda: fcntl.ioctl(0, 0x541C, b"\\3"))
""",
        bare="differs",
    ),
    _door(
        "pages",
        "give pages of its own to the kernel to keep",
        """
class Piece(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
space = ctypes.create_string_buffer(4096)
tried("vmsplice", lambda: kernel("vmsplice", os.pipe()[1], ctypes.byref(Piece(ctypes.addressof(space), 4096)), 1, 8))
tried("dcookie", lambda: kernel("lookup_dcookie", 0, 0, 0))
""",
    ),
)
