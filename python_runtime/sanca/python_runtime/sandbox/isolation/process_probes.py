"""Attacks on other processes: signals, tracing, their limits and priorities; and on the session's own first process."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Probe, nothing_done

PROBES = (
    Probe(
        "processes.signal",
        "signal a process of the host",
        """
import signal
for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGSTOP):
    tried(f"kill {number}", lambda: os.kill(@VICTIM@, number))
""",
    ),
    Probe(
        "processes.signal-engine",
        "signal the engine",
        """
import signal
for pid in {@ENGINE@, os.getppid()} - {1, 0}:
    tried(f"kill {pid}", lambda: os.kill(pid, 0))
    tried(f"cont {pid}", lambda: os.kill(pid, signal.SIGCONT))
""",
        nothing_done,
        bare="differs",
    ),
    Probe(
        "processes.signal-by-other-ways",
        "signal a process of the host by a queue, a thread id or a pidfd",
        """
import ctypes, signal
info = (ctypes.c_int * 32)(signal.SIGUSR2, 0, -1)
tried("tgkill", lambda: kernel("tgkill", @VICTIM@, @VICTIM@, signal.SIGUSR2))
tried("rt_sigqueueinfo", lambda: kernel("rt_sigqueueinfo", @VICTIM@, signal.SIGUSR2, ctypes.byref(info)))
tried("pidfd_send_signal", lambda: kernel("pidfd_send_signal", kernel("pidfd_open", @VICTIM@, 0), signal.SIGUSR2, 0, 0))
tried("fcntl owner", lambda: (__import__("fcntl").fcntl(os.pipe()[0], 8, @VICTIM@)))
""",
    ),
    Probe(
        "processes.signal-all",
        "signal everything it can find",
        """
import signal
tried("all", lambda: os.kill(-1, signal.SIGCONT))
for pid in range(1, 5000):
    if pid != os.getpid():
        try: os.kill(pid, signal.SIGCONT)
        except OSError: pass
""",
        bare="differs",
    ),
    Probe(
        "processes.first-process",
        "stop, end or read the process that keeps its session's limits",
        """
import signal
for number in [n for n in range(1, 65) if n not in (32, 33)]:
    try: os.kill(os.getppid(), number)
    except OSError as error: print("denied kill", number, error.errno)
for pid in {1, os.getppid()}:
    for name in ("mem", "environ", "maps"):
        tried(f"{pid} {name}", lambda: open(f"/proc/{pid}/{name}", "rb").read(1))
    tried(f"{pid} fd", lambda: os.listdir(f"/proc/{pid}/fd"))
""",
        nothing_done,
        bare="differs",
    ),
    Probe(
        "processes.trace",
        "trace a process of the host",
        """
for pid in (@VICTIM@, os.getppid(), 1):
    tried(f"seize {pid}", lambda: kernel("ptrace", 0x4206, pid, 0, 0))
    tried(f"attach {pid}", lambda: kernel("ptrace", 16, pid, 0, 0))
hold(0.5)
""",
        nothing_done,
        bare="differs",
    ),
    Probe(
        "processes.trace-victim",
        "hold a process of the host still by tracing it",
        """
tried("attach", lambda: kernel("ptrace", 16, @VICTIM@, 0, 0))
hold(0.3)
""",
        nothing_done,
    ),
    Probe(
        "processes.limits-of-others",
        "change the limits, priority or processors of a process of the host",
        """
import ctypes
low = (ctypes.c_ulonglong * 2)(32, 32)
mask = ctypes.c_ulong(1)
tried("prlimit", lambda: kernel("prlimit64", @VICTIM@, 7, ctypes.byref(low), 0))
tried("nice", lambda: kernel("setpriority", 0, @VICTIM@, 15))
tried("affinity", lambda: kernel("sched_setaffinity", @VICTIM@, 8, ctypes.byref(mask)))
tried("oom", lambda: os.write(os.open("/proc/@VICTIM@/oom_score_adj", os.O_WRONLY), b"900"))
tried("io", lambda: kernel("ioprio_set", 1, @VICTIM@, 3 << 13))
""",
        nothing_done,
    ),
    Probe(
        "processes.own-limits",
        "raise its own limits",
        """
import resource
for name in ("AS", "NPROC", "CPU", "FSIZE", "NOFILE", "CORE", "MEMLOCK", "STACK"):
    kind = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY: continue
    tried(name, lambda: resource.setrlimit(kind, (hard + 1, hard + 1)))
tried("priority", lambda: os.nice(-5))
tried("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
tried("oom", lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"))
""",
        nothing_done,
        bare="as root",
    ),
    Probe(
        "processes.settings",
        "set through /proc how it, or all that the kernel groups with it, is scheduled, named or ended",
        """
for name, text in {"autogroup": b"19", "timerslack_ns": b"1", "coredump_filter": b"ff", "clear_refs": b"1",
                   "comm": b"init", "oom_score_adj": b"1"}.items():
    tried(name, lambda: os.write(os.open(f"/proc/self/{name}", os.O_WRONLY), text))
""",
        nothing_done,
    ),
    Probe(
        "processes.programs",
        "start a program",
        """
import subprocess
def begin():
    child = os.fork()
    if child == 0:
        try: os.execv("/bin/true", ["true"])
        finally: os._exit(77)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]): raise PermissionError("it did not begin")
def shell():
    if os.system("exit 0"): raise PermissionError("no shell")
tried("execve", begin)
tried("system", shell)
tried("popen", lambda: subprocess.run(["/usr/bin/env"], capture_output=True, check=True).stdout)
tried("posix_spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
""",
        nothing_done,
    ),
)
