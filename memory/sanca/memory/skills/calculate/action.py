"""Arithmetic said in digits or words, worked out on its syntax tree: nothing is evaluated but numbers and operators."""

import ast
import math
import operator
import re

OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
    ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
ENGLISH = {word: str(value) for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split())}
TENS = {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
BIG = {"hundred": 100, "thousand": 1000, "million": 10**6}
DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
WORDS = [
    (r"百分之\s*([\d.]+)", r"(\1/100)"), (r"([\d.]+)\s*的\s*\(", r"\1*("), (r"([\d.]+)\s*的平方根|([\d.]+)\s*开方", r"sqrt(\1\2)"),
    (r"([\d.]+)\s*的\s*([\d.]+)\s*次方", r"\1**\2"), (r"([\d.]+)\s*的平方|([\d.]+) squared", r"(\1\2)**2"), (r"([\d.]+)\s*的立方|([\d.]+) cubed", r"(\1\2)**3"),
    (r"([\d.]+)\s*的一半|half of ([\d.]+)", r"(\1\2)/2"), (r"(?:a |one )?third of ([\d.]+)", r"\1/3"), (r"(?:a |one )?quarter of ([\d.]+)", r"\1/4"),
    (r"([\d.]+)\s*(?:%|percent|per cent)\s+of\s+([\d.]+)", r"(\1/100*\2)"), (r"([\d.]+)\s*的\s*([\d.]+)\s*%", r"(\1*\2/100)"), (r"([\d.]+)\s*(?:%|percent|per cent)", r"(\1/100)"),
    (r"(?:square root|sqrt) of ([\d.]+)", r"sqrt(\1)"), (r"add ([\d.]+) (?:and|to) ([\d.]+)", r"\1+\2"), (r"(?:sum of) ([\d.]+) and ([\d.]+)", r"\1+\2"),
    (r"product of ([\d.]+) and ([\d.]+)", r"\1*\2"), (r"subtract ([\d.]+) from ([\d.]+)", r"\2-\1"), (r"divide ([\d.]+) by ([\d.]+)", r"\1/\2"), (r"multiply ([\d.]+) by ([\d.]+)", r"\1*\2"),
    (r"multiplied by|times|乘以|乘上|乘|×|x(?=\s*\d)", "*"), (r"divided by|over|除以|除|÷", "/"), (r"to the power of|\^", "**"), (r"plus|加上|加|再加", "+"), (r"minus|less|减去|减|再减", "-"),
]  # fmt: skip


def chinese_number(match):
    """Return a Chinese numeral in digits."""
    text, total, section, digit, unit = match.group(), 0, 0, 0, 1
    whole, _, fraction = text.partition("点")
    for character in whole:
        if character in DIGITS:
            digit, unit = DIGITS[character], (1 if DIGITS[character] == 0 else unit)
        elif UNITS[character] >= 10**4:
            total, section, digit, unit = (total + section + digit) * UNITS[character], 0, 0, 1
        else:
            section, digit, unit = section + (digit or 1) * UNITS[character], 0, UNITS[character]
    value = total + section + digit * (unit // 10 if unit > 10 else 1)
    if len(whole) > 1 and all(character in DIGITS for character in whole):
        value = int("".join(str(DIGITS[character]) for character in whole))
    return str(value) + ("." + "".join(str(DIGITS[character]) for character in fraction) if fraction else "")


def english_number(match):
    """Return an English numeral in digits."""
    total, current = 0, 0
    for word in re.findall(r"[a-z]+", match.group()):
        if word in BIG:
            current = (current or 1) * BIG[word]
            total, current = (total + current, 0) if BIG[word] >= 1000 else (total, current)
        elif word != "and":
            current += TENS.get(word) or int(ENGLISH[word])
    return str(total + current)


def as_expression(text):
    """Return the arithmetic in a sentence, in operators."""
    text = re.sub(r"(?<=\d)[,,](?=\d{3})", "", text.lower())
    text = re.sub(r"[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?(?!分之|半|下|共)", chinese_number, text.replace("百分之", "\x01").replace("一半", "\x02").replace("一下", "")).replace("\x01", "百分之").replace("\x02", "一半")
    words = "|".join([*ENGLISH, *TENS, *BIG])
    text = re.sub(rf"\b(?:{words})(?:[\s-]+(?:and\s+)?(?:{words}))*\b", english_number, text)
    text = re.sub(r"\ba (?=third|quarter)", "", text)
    for pattern, replacement in WORDS:
        text = re.sub(pattern, replacement, text)
    pieces = re.findall(r"sqrt\(|\*\*|[\d.]+|[-+*/%()]", text)
    return "".join(pieces).strip("+*/%").rstrip("-.")


def value_of(node):
    """Return the value of a node of numbers and operators; anything else is refused."""
    match node:
        case ast.Expression(body=body):
            return value_of(body)
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](value_of(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            first, second = value_of(left), value_of(right)
            if isinstance(op, ast.Pow) and (abs(second) > 200 or abs(first) > 10**9):
                raise ValueError("too large")
            return OPERATORS[type(op)](first, second)
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return math.sqrt(value_of(argument))
    raise ValueError("no arithmetic")


def told(text):
    formula = as_expression(text)
    try:
        value = value_of(ast.parse(formula, mode="eval"))
    except ZeroDivisionError:
        return t(f"`{formula}` divides by zero.", f"`{formula}` 除以零。")
    except (ValueError, SyntaxError, OverflowError, RecursionError):
        return t("I could not read a calculation from that; write it in digits, for instance 18 % of 4350.", "没有看懂算式；请用数字写，例如 4350 的 18%。")
    shown = f"{value:,}" if isinstance(value, int) else f"{round(value, 10):,.10g}"
    return f"`{formula}` = **{shown}**"


told(expression)
