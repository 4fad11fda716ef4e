"""Roll one service back to a release, or to the last one that ran well, and see that it answers."""

running = next((row.get("release") for row in system.services() if row["name"] == service), None)
names = [entry["tag"] for entry in system.releases(service)]
target = None if release in (None, "previous", "latest") else release_word(release, names)
if target is not None and target not in names:
    answer = t(f"{service} has no release {release!r}; there are: {', '.join(names[:10])}.", f"{service} 没有版本 {release!r}；现有版本：{'、'.join(names[:10])}。")
else:
    words = t(f"roll {service} back from {running} to {target or 'the last release that ran well'}", f"把 {service} 从 {running} 回滚到 {target or '上一个正常的版本'}")
    done, refused, failed = carry_out([(words, lambda: system.rollback(service, target))])
    if done:
        well, measured = verify(service)
        now = next((row.get("release") for row in system.services() if row["name"] == service), None)
        answer = t(f"**{service} runs {now} again** (before: {running}). {'Verified' if well else 'Not well yet'}: {measured}.", f"**{service} 已回到 {now}**（之前是 {running}）。{'已验证' if well else '尚未恢复'}：{measured}。")
    else:
        answer = refused or failed
answer
