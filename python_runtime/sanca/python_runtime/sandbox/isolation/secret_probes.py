"""Attacks that read secrets: of the engine, of the host's files, of other processes and sessions.

Each would print what it finds; that the canary's secret is in nothing it told is checked for every attack.
"""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe, all_of, nothing_done


def _no_core_file(evidence: Evidence) -> str | None:
    found = [path.name for path in evidence.output_dir.iterdir() if path.name.startswith("core")]
    return f"a core file was written: {found[0]}" if found else None


def _only_the_sandboxs_user(evidence: Evidence) -> str | None:
    return "a process acted as root" if evidence.watch.most_processes > 1 and evidence.watch.users == {0} else None


PROBES = (
    Probe(
        "secrets.environment",
        "find the engine's environment in its own",
        "print(dict(os.environ), os.environb)\nprint(open('/proc/self/environ', 'rb').read())",
    ),
    Probe(
        "secrets.environment-of-others",
        "read the environment or command line of any other process",
        """
for pid in ["@ENGINE@", "@VICTIM@", "1", "self", str(os.getppid())] + [n for n in os.listdir("/proc") if n.isdigit()]:
    for name in ("environ", "cmdline"):
        try: print(open(f"/proc/{pid}/{name}", "rb").read())
        except OSError as error: print("denied", pid, name, error.errno)
""",
    ),
    Probe(
        "secrets.memory-of-engine",
        "read the engine's memory through /proc",
        """
for pid in ("@ENGINE@", str(os.getppid())):
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(@ADDRESS@)
            print(memory.read(@LENGTH@))
    except (OSError, ValueError, OverflowError) as error: print("denied", pid, error)
""",
    ),
    Probe(
        "secrets.memory-by-call",
        "read the engine's memory with process_vm_readv",
        """
import ctypes
class Piece(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
space = ctypes.create_string_buffer(@LENGTH@)
here, there = Piece(ctypes.addressof(space), @LENGTH@), Piece(@ADDRESS@, @LENGTH@)
for pid in (@ENGINE@, os.getppid(), 1):
    tried(f"process_vm_readv {pid}",
          lambda: kernel("process_vm_readv", pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) and space.raw)
""",
        nothing_done,
    ),
    Probe(
        "secrets.own-memory",
        "find a secret that the fork server left in its own memory",
        """
import re
marks = re.compile(b"canar" + b"y-[0-9a-f]{32}")
with open("/proc/self/mem", "rb", buffering=0) as memory:
    for line in open("/proc/self/maps").read().splitlines():
        if line.split()[1][0] != "r" or "[v" in line: continue
        begin, end = (int(part, 16) for part in line.split()[0].split("-"))
        try:
            memory.seek(begin)
            print(set(marks.findall(memory.read(min(end - begin, 48 << 20)))) or "")
        except (OSError, ValueError, OverflowError, MemoryError): pass
""",
        limit_seconds=10.0,
    ),
    Probe(
        "secrets.open-descriptors",
        "read a file that the engine has open",
        """
for number in range(1024):
    try: print(number, os.readlink(f"/proc/self/fd/{number}"), os.pread(number, 4096, 0))
    except OSError: pass
for pid in ("@ENGINE@", str(os.getppid()), "1"):
    tried(f"fd of {pid}", lambda: open(f"/proc/{pid}/fd/@FD@", "rb").read())
""",
        nothing_done,
    ),
    Probe(
        "secrets.stolen-descriptor",
        "take a descriptor out of the engine with pidfd_getfd",
        """
for pid in (@ENGINE@, os.getppid(), 1):
    tried(f"pidfd {pid}", lambda: os.pread(kernel("pidfd_getfd", kernel("pidfd_open", pid, 0), @FD@, 0), 4096, 0))
""",
        nothing_done,
    ),
    Probe(
        "secrets.private-file",
        "read a file of the host by its path",
        """
for path in ("@PRIVATE@", "/proc/1/root@PRIVATE@", "/proc/self/cwd/../../../../../..@PRIVATE@", "/input/../..@PRIVATE@",
             "/proc/@ENGINE@/root@PRIVATE@"):
    tried(path, lambda: open(path).read())
""",
        nothing_done,
    ),
    Probe(
        "secrets.public-file",
        "read a file of the host that everybody may read",
        """
for path in ("@PUBLIC@", "/proc/1/root@PUBLIC@", "/proc/thread-self/root@PUBLIC@", "@OUT@/../../..@PUBLIC@"):
    tried(path, lambda: open(path).read())
""",
        nothing_done,
    ),
    Probe(
        "secrets.home-folders",
        "list the folders of people, of the engine or of the system's services",
        """
for path in ("/root", "/home", "/var", "/run", "/srv", "/boot", "/sys", "/tmp/..", "/etc"):
    try: names = os.listdir(path)
    except OSError as error: print("denied", path, error.errno); continue
    for name in names:
        for inner in (f"{path}/{name}/.ssh", f"{path}/{name}/.bashrc", f"{path}/.ssh/id_ed25519"):
            if os.path.exists(inner): print("DONE found", inner)
for path in ("/etc/shadow", "/etc/hostname", "/etc/machine-id", "/root/.bashrc", "/var/log/dpkg.log", "/run/utmp"):
    tried(path, lambda: open(path, "rb").read(20))
""",
        nothing_done,
    ),
    Probe(
        "secrets.shared-memory",
        "read shared memory of the host",
        """
tried("/dev/shm", lambda: open("@SHM@").read())
for name in os.listdir("/dev/shm"):
    try: print(name, open(f"/dev/shm/{name}", "rb").read(4096))
    except OSError as error: print("denied", name, error.errno)
""",
        nothing_done,
    ),
    Probe(
        "secrets.core-dump",
        "leave a picture of its memory behind when it crashes",
        """
import resource, ctypes
try: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError) as error: print("denied core", error)
os.chdir("@OUT@")
sys.stdout.flush()
ctypes.string_at(0)
""",
        _no_core_file,
        bare="differs",
    ),
    Probe(
        "secrets.other-user",
        "become another user, and read what that one may",
        """
for name, call in {"setuid 0": lambda: os.setuid(0), "setresuid": lambda: os.setresuid(@UID@, @UID@, @UID@),
                   "setgroups": lambda: os.setgroups([0]), "setgid": lambda: os.setgid(0)}.items():
    try: call(); print("now", os.getresuid(), os.getgroups())
    except OSError as error: print("denied", name, error.errno)
for path in ("@PRIVATE@", "/etc/shadow"):
    tried(path, lambda: open(path).read())
hold()
""",
        all_of(nothing_done, _only_the_sandboxs_user),
    ),
    Probe(
        "secrets.other-session",
        "find the names or files of another session",
        """
import glob, re
marks = re.compile(b"canar" + b"y-[0-9a-f]{32}")
for path in glob.glob("/tmp/**", recursive=True) + glob.glob("/proc/[0-9]*/root/tmp/*") + glob.glob("/proc/*/cwd/*"):
    try: print(set(marks.findall(open(path, "rb").read(1 << 16))) or "")
    except OSError: pass
for pid in (n for n in os.listdir("/proc") if n.isdigit() and n != str(os.getpid())):
    try:
        for line in open(f"/proc/{pid}/maps").read().splitlines():
            if "[heap]" in line or " rw-p" in line and line.endswith(" 0 "):
                begin, end = (int(part, 16) for part in line.split()[0].split("-"))
                with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                    memory.seek(begin)
                    print(set(marks.findall(memory.read(min(end - begin, 16 << 20)))) or "")
    except (OSError, ValueError, OverflowError) as error: print("denied", pid, error)
""",
        bare="differs",
        limit_seconds=8.0,
    ),
    Probe(
        "secrets.kernel-memory",
        "read the memory of the machine or the messages of its kernel",
        """
import ctypes
for path in ("/dev/mem", "/dev/kmem", "/proc/kcore", "/dev/kmsg", "/proc/kallsyms", "/proc/sched_debug"):
    tried(path, lambda: os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 64))
space = ctypes.create_string_buffer(4096)
tried("syslog", lambda: kernel("syslog", 3, ctypes.byref(space), 4096))
""",
        nothing_done,
        bare="as root",
    ),
    Probe(
        "secrets.compare-and-advise",
        "learn about or push around the engine's memory with kcmp and process_madvise",
        """
tried("kcmp", lambda: kernel("kcmp", os.getpid(), @ENGINE@, 0, 0, @FD@))
tried("kcmp parent", lambda: kernel("kcmp", os.getpid(), os.getppid(), 1, 0, 0))
tried("move_pages", lambda: kernel("move_pages", @ENGINE@, 0, 0, 0, 0, 0))
tried("process_madvise", lambda: kernel("process_madvise", kernel("pidfd_open", @ENGINE@, 0), 0, 0, 20, 0))
""",
        nothing_done,
    ),
)
