"""The text of a file that was sent along."""

MOST_CHARACTERS = 6000


def shown(path):
    raw = path.read_bytes()
    if b"\x00" in raw[:4096]:
        return t(f"{path.name} is no text ({size(len(raw))}).", f"{path.name} 不是文本文件（{size(len(raw))}）。")
    text = raw.decode("utf-8", errors="replace")
    cut = t(f"\n\n… {len(text) - MOST_CHARACTERS} more characters", f"\n\n… 还有 {len(text) - MOST_CHARACTERS} 个字符") if len(text) > MOST_CHARACTERS else ""
    lines, words = len(text.splitlines()), len(text.split())
    fence = "````"
    return t(f"**{path.name}** ({size(len(raw))}, {lines} lines, {words} words)", f"**{path.name}**（{size(len(raw))}，{lines} 行）") + f"\n\n{fence}\n{text[:MOST_CHARACTERS]}\n{fence}{cut}"


path = chosen_file(file)
shown(path) if path else nothing_sent(file)
