"""What changed between two releases."""

tags = [entry["tag"] for entry in (system.releases(service) if service else system.releases())]
running = next((row.get("release") for row in system.services() if row["name"] == service), None)


def ends():
    """Return the older and the newer release that are meant."""
    said = [name for name in (release_word(from_release, tags), release_word(to_release, tags)) if name]
    newer = said[0] if said else running or (tags[0] if tags else None)
    if len(said) == 2:
        known = sorted(said, key=lambda name: -tags.index(name) if name in tags else 0)
        return known[0], known[1]
    place = tags.index(newer) if newer in tags else -1
    return (tags[place + 1] if 0 <= place < len(tags) - 1 else None), newer


older, newer = ends()
if not older or not newer or older not in tags or newer not in tags:
    answer = t(f"I cannot tell two releases from that; there are: {', '.join(tags[:10])}.", f"无法确定要比较的两个版本；现有：{'、'.join(tags[:10])}。")
else:
    diff = system.git_diff(older, newer, service=service)
    for file in diff["files"][:5]:
        card.diff(f"{older} → {newer}", file["patch"], file["path"])
    between = [entry for entry in (system.releases(service, limit=50) if service else system.releases(limit=50)) if tags.index(older) > (tags.index(entry["tag"]) if entry["tag"] in tags else 10**6) >= tags.index(newer)]
    said = [f"{entry['tag']} · {entry['author']}, {clock(entry['date'])}: {shortened(entry['message'])}" for entry in between]
    files = [f"`{file['path']}` +{file['added']} −{file['removed']}" for file in diff["files"]]
    answer = t(f"## Changes {older} → {newer}", f"## 改动 {older} → {newer}") + "\n\n" + bullets(said) + "\n\n" + (bullets(files) or t("No file differs.", "没有文件不同。"))
answer
