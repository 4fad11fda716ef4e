"""Lay JSON out readably, or say where it is wrong."""

import json


def laid_out(raw):
    try:
        value = json.loads(raw)
    except json.JSONDecodeError as error:
        near = shortened(raw[max(0, error.pos - 20) : error.pos + 20], 60)
        return t(f"That is no valid JSON: {error.msg} in line {error.lineno}, column {error.colno}, near `{near}`.", f"不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 列附近（`{near}`）：{error.msg}。")
    count = len(value) if isinstance(value, dict | list) else 1
    head = t(f"Valid JSON, {count} {'entries' if count != 1 else 'entry'} at the top:", f"合法的 JSON，顶层 {count} 项：")
    return f"{head}\n\n```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


laid_out(text)
