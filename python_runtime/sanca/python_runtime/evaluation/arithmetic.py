"""Arithmetic written as text, worked out without running it. No names, no functions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from sanca.core.syntax import parse_expression

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST = 10_000


def work_out(expression: str) -> float:
    """Return what an expression of numbers, `+ - * /` and brackets comes to.

    Raises:
        ValueError: It is something else, too long, or divides by nothing.
    """
    if len(expression) > _LONGEST:
        raise ValueError(f"the expression is longer than {_LONGEST:,} characters")
    try:
        return _value(parse_expression(expression.strip()))
    except (SyntaxError, ZeroDivisionError, RecursionError) as error:
        raise ValueError(f"{expression[:80]!r} cannot be worked out: {error}") from error


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _BINARY[type(sign)](_value(left), _value(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
    raise ValueError(f"{ast.unparse(node)[:80]!r} is no arithmetic of + - * / and brackets")
