"""Ask the second agent what it thinks of a release."""

running = next((row.get("release") for row in system.services() if row["name"] == service), None)
tags = [entry["tag"] for entry in system.releases(service)]
newer = release_word(release, tags) or running
place = tags.index(newer) if newer in tags else -1
older = tags[place + 1] if 0 <= place < len(tags) - 1 else None


def asked():
    """Return the question: the patch, cut to what a message should hold."""
    files = system.git_diff(older, newer, service=service)["files"]
    for file in files[:3]:
        card.diff(f"{older} → {newer}", file["patch"], file["path"])
    patch = "\n".join(f"--- {file['path']}\n{file['patch']}" for file in files)[:12000]
    wish = t("Answer in English.", "请用中文回答。")
    return f"Review release {newer} of {service} (before: {older}). What is risky about it? {wish}\n\n{patch}"


if older is None:
    answer = t(f"There is no release before {newer} of {service} to compare with.", f"{service} 的 {newer} 之前没有可比较的版本。")
else:
    try:
        reply = agents.change_reviewer.ask(asked())
        text = reply["text"] if isinstance(reply, dict) else str(reply)
        answer = t(f"## Review of {service} {newer}", f"## {service} {newer} 的评审意见") + f"\n\n{text}"
    except (NameError, AttributeError, ToolNotFoundError):
        answer = t("No change reviewer is connected (see toolkits.json).", "没有连接变更评审员（见 toolkits.json）。")
    except ToolError as error:
        answer = t(f"The change reviewer did not answer: {error}", f"变更评审员没有回答：{error}")
answer
