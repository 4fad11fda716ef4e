"""Look something up in the runbooks, by whatever search tool their server has, or in the documents it knows."""


def texts(result):
    """Return the texts of an answer of any shape."""
    if isinstance(result, str):
        return [result]
    if isinstance(result, list):
        return [text for part in result for text in texts(part)]
    if isinstance(result, dict):
        title = next((str(result[key]) for key in ("title", "name", "path") if result.get(key)), "")
        body = next((str(result[key]) for key in ("text", "snippet", "content", "body", "summary") if isinstance(result.get(key), str)), "")
        inner = [text for key in ("results", "hits", "items", "content", "result", "matches") if isinstance(result.get(key), list | dict) for text in texts(result[key])]
        return [f"**{title}**\n\n{body}".strip("*\n ") if not title else f"**{title}**\n\n{body}".strip()] + inner if title or body else inner
    return []


def known():
    """Return what the documents say that it knows itself, each with its source."""
    try:
        found = [one for one in sanca.recall(query, limit=5, layers=["knowledge"]) if one["score"] >= LEAST]
    except (NameError, AttributeError, ToolNotFoundError):
        return []
    doubts = {one["id"]: t(f" (may not hold any more: {one['doubt']})", f"（可能已不适用：{one['doubt']}）") if one["doubt"] else "" for one in found}
    return [f"{one['text'].strip()}\n\n— *{one['source']}*{doubts[one['id']]}" for one in found]


LEAST = 0.12
nothing = t(f"The runbooks say nothing about {query!r}.", f"手册中没有关于 {query!r} 的内容。")
try:
    found = [text for text in texts(mcp.runbooks.search(query)) if text.strip()] or known()
except (NameError, AttributeError, ToolNotFoundError):
    found = known()
    nothing = t(
        f"No runbook server is connected (see toolkits.json), and the documents it knows say nothing about {query!r}.",
        f"没有连接手册服务器（见 toolkits.json），已知的文档中也没有关于 {query!r} 的内容。",
    )
except ToolError as error:
    found = known()
    nothing = t(f"The runbooks could not be searched: {error}", f"无法搜索手册：{error}")
answer = "\n\n---\n\n".join(found[:5]) or nothing
answer
