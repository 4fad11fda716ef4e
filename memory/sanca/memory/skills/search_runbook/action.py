"""Look something up in the runbooks, by whatever search tool their server has."""


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


try:
    found = [text for text in texts(mcp.runbooks.search(query)) if text.strip()]
    answer = "\n\n---\n\n".join(found[:5]) or t(f"The runbooks say nothing about {query!r}.", f"手册中没有关于 {query!r} 的内容。")
except (NameError, AttributeError, ToolNotFoundError):
    answer = t("No runbook server is connected (see toolkits.json).", "没有连接手册服务器（见 toolkits.json）。")
except ToolError as error:
    answer = t(f"The runbooks could not be searched: {error}", f"无法搜索手册：{error}")
answer
