"""Who last changed a setting, by git blame and log."""

config = system.config(service)
key = key_like(setting, list(config["values"]))


def blamed():
    """Return the blame of the lines that set the key: the whole dotted name, else its last part."""
    lines = system.git_blame(config["path"])
    last = key.rsplit(".", 1)[-1]
    whole = [line for line in lines if key in line["text"]]
    return whole or [line for line in lines if re.search(rf"\b{re.escape(last)}\b", line["text"])]


if key is None:
    some = ", ".join(f"`{name}`" for name in list(config["values"])[:20])
    answer = t(f"{service} has no single setting like {setting!r}; it has: {some}.", f"{service} 没有唯一对应 {setting!r} 的配置；现有：{some}。")
else:
    found = blamed()
    commits = {entry["commit"]: entry for entry in system.git_log(service=service, path=config["path"], limit=50)}
    lines = []
    for line in found:
        message = next((entry["message"] for commit, entry in commits.items() if commit.startswith(line["commit"]) or line["commit"].startswith(commit)), "")
        lines.append(t(f"**{line['author']}** on {clock(line['date'])} in {line['commit'][:10]}: “{shortened(message)}”", f"**{line['author']}** 于 {clock(line['date'])} 在 {line['commit'][:10]} 中修改：“{shortened(message)}”"))
    head = t(f"`{key}` of {service} is `{config['values'][key]}`. It was last changed by:", f"{service} 的 `{key}` 现在是 `{config['values'][key]}`。最后修改：")
    answer = f"{head}\n\n{bullets(lines)}" if lines else t(f"`{key}` stands in no line of {config['path']}.", f"{config['path']} 中没有 `{key}`。")
answer
