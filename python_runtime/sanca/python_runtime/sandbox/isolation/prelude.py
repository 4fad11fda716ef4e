"""What every hostile action begins with. Runs in the sandbox, as text; nothing of it runs in the engine."""

import errno
import os
import sys
from collections.abc import Callable
from typing import Any


def tried(name: str, act: Callable[[], Any]) -> Any:
    """Try something and say whether it worked; a refusal is the good end."""
    try:
        got = act()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        number = getattr(error, "errno", None)
        print("denied", name, type(error).__name__, errno.errorcode.get(number, "") if number else "")  # noqa: T201
        return None
    print("DONE", name, str(got)[:300])  # noqa: T201
    return got


def kernel(name: str | int, *arguments: Any) -> int:
    """Make a system call by its number; raises OSError when the kernel refuses."""
    import ctypes

    x86 = os.uname().machine == "x86_64"
    number = NUMBERS[name][0 if x86 else 1] if isinstance(name, str) else name
    if number < 0:
        raise OSError(38, "not on this machine")
    libc = ctypes.CDLL(None, use_errno=True)
    plain = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    got: int = libc.syscall(ctypes.c_long(number), *plain, *[ctypes.c_long(0)] * (6 - len(plain)))
    if got < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got


def hold(seconds: float = 0.25) -> None:
    """Stay as it is for a moment, so that it can be seen from outside."""
    import time

    sys.stdout.flush()
    time.sleep(seconds)


NUMBERS = {
    "process_vm_readv": (310, 270), "ptrace": (101, 117), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "rt_sigqueueinfo": (129, 138), "tgkill": (234, 131), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "bpf": (321, 280),
    "perf_event_open": (298, 241), "add_key": (248, 217), "keyctl": (250, 219), "unshare": (272, 97),
    "setns": (308, 268), "clone": (56, 220), "clone3": (435, 435), "mount": (165, 40), "umount2": (166, 39),
    "fsopen": (430, 430), "open_tree": (428, 428), "move_mount": (429, 429), "pivot_root": (155, 41),
    "chroot": (161, 51), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
    "fanotify_init": (300, 262), "personality": (135, 92), "iopl": (172, -1), "ioperm": (173, -1),
    "modify_ldt": (154, -1), "seccomp": (317, 277), "prctl": (157, 167), "capset": (126, 91), "syslog": (103, 116),
    "reboot": (169, 142), "swapon": (167, 224), "acct": (163, 89), "sethostname": (170, 161),
    "clock_settime": (227, 112), "settimeofday": (164, 170), "adjtimex": (159, 171), "shmget": (29, 194),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180), "setpriority": (141, 140),
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "kcmp": (312, 272),
    "process_madvise": (440, 440), "landlock_create_ruleset": (444, 444), "mknodat": (259, 33), "vmsplice": (278, 75),
    "mlockall": (151, 230), "execve": (59, 221), "setuid": (105, 146), "setresuid": (117, 147),
    "setgroups": (116, 159), "lookup_dcookie": (212, 18), "ioprio_set": (251, 30), "move_pages": (279, 239),
    "shmctl": (31, 195), "semctl": (66, 191), "msgctl": (71, 187), "mq_unlink": (241, 181),
}  # fmt: skip
"""System call → number on x86_64 and on aarch64; below 0: there is none."""
