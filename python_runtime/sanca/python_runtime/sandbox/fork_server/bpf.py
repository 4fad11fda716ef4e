"""The words that seccomp programs are made of. Knows no system call and no policy."""

from __future__ import annotations

import struct
from collections.abc import Sequence

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AND = 0x54
OFFSET_NUMBER, OFFSET_ARCH, _OFFSET_ARGUMENTS = 0, 4, 16

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand; as in `struct sock_filter`."""

ALLOW: Instruction = (RETURN, 0, 0, 0x7FFF0000)
KILL: Instruction = (RETURN, 0, 0, 0x80000000)


def answer(number: int) -> Instruction:
    """Return that error number instead of making the call."""
    return (RETURN, 0, 0, 0x00050000 | number)


def low_word(argument: int) -> Instruction:
    """Load the lower 32 bits of an argument."""
    return (LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * argument)


def high_word(argument: int) -> Instruction:
    """Load the upper 32 bits of an argument."""
    return (LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * argument + 4)


def masked(bits: int) -> Instruction:
    """Keep only these bits of what was loaded."""
    return (_AND, 0, 0, bits)


def when(number: int, body: Sequence[Instruction]) -> list[Instruction]:
    """`body` for one system call number; `body` must end in a return on every way."""
    return [(JUMP_EQUAL, 0, len(body), number), *body]


def assemble(program: Sequence[Instruction]) -> tuple[bytes, int]:
    """Return the packed program and its number of instructions."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program), len(program)
