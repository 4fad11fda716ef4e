"""The seccomp filter of a guest: a BPF program that lets through what `system_calls.py` names. Not the only wall.

The call's number is looked up in a tree of comparisons, so that no call of the table costs more than another.
(Kernels since 5.11 remember the calls that are allowed whatever their arguments, and do not run the program for them.)
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

from .bpf import (
    ALLOW,
    JUMP_AT_LEAST,
    JUMP_EQUAL,
    KILL,
    LOAD,
    OFFSET_ARCH,
    OFFSET_NUMBER,
    Instruction,
    answer,
    assemble,
    high_word,
    low_word,
    masked,
)
from .syscalls import Machine
from .system_calls import LAST_KNOWN, Condition, Rule, rules

_X32_BIT = 0x40000000
_FARTHEST_JUMP = 255

_Range = tuple[int, Rule]
"""The first number of a range and what holds for it, up to where the next begins."""


def build_filter(machine: Machine) -> tuple[bytes, int]:
    """Return the packed program and its number of instructions."""
    return assemble([
        (LOAD, 0, 0, OFFSET_ARCH), (JUMP_EQUAL, 1, 0, machine.audit_arch), KILL,
        (LOAD, 0, 0, OFFSET_NUMBER), (JUMP_AT_LEAST, 0, 1, _X32_BIT), KILL,
        *_tree(_ranges(rules(machine.name))),
    ])  # fmt: skip


def _ranges(known: dict[int, Rule]) -> list[_Range]:
    """Return the ranges of numbers with one rule each, from 0 on, without a gap."""
    found: list[_Range] = []
    for number in range(LAST_KNOWN + 1):
        rule = known.get(number, errno.EPERM)
        if not found or found[-1][1] != rule:
            found.append((number, rule))
    return [*found, (LAST_KNOWN + 1, errno.ENOSYS)]


def _tree(ranges: Sequence[_Range]) -> list[Instruction]:
    """A program that returns on every way; the call's number is what was loaded last."""
    if len(ranges) == 1:
        return _body(ranges[0][1])
    middle = len(ranges) // 2
    lower, upper = _tree(ranges[:middle]), _tree(ranges[middle:])
    if len(lower) > _FARTHEST_JUMP:
        raise ValueError("the filter's table has grown beyond what one jump of BPF can skip")
    return [(JUMP_AT_LEAST, len(lower), 0, ranges[middle][0]), *lower, *upper]


def _body(rule: Rule) -> list[Instruction]:
    if isinstance(rule, int):
        return [answer(rule)]
    return [instruction for condition in rule for instruction in _check(condition)] + [ALLOW]


def _check(condition: Condition) -> list[Instruction]:
    """Go on after the last instruction when the condition holds, else refuse."""
    load = high_word(condition.argument) if condition.is_high_word else low_word(condition.argument)
    mask = [masked(condition.mask)] if condition.mask != 0xFFFFFFFF else []
    left = len(condition.values)
    tests: list[Instruction] = [
        (JUMP_EQUAL, left - position, 0, value) for position, value in enumerate(condition.values)
    ]
    return [load, *mask, *tests, answer(errno.EPERM)]
