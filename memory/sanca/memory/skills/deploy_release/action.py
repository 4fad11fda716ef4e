"""Deploy one release of a service and see that it answers."""

names = [entry["tag"] for entry in system.releases(service)]
target = release_word(release, names)
if target not in names:
    answer = t(f"{service} has no release {release!r}; there are: {', '.join(names[:10])}.", f"{service} 没有版本 {release!r}；现有版本：{'、'.join(names[:10])}。")
else:
    before = next((row.get("release") for row in system.services() if row["name"] == service), None)
    done, refused, failed = carry_out([(t(f"deploy {target} to {service}", f"把 {target} 部署到 {service}"), lambda: system.deploy(service, target))])
    if done:
        well, measured = verify(service)
        answer = t(f"**{service} now runs {target}** (before: {before}). {'Verified' if well else 'Not well yet'}: {measured}.", f"**{service} 现在运行 {target}**（之前是 {before}）。{'已验证' if well else '尚未恢复'}：{measured}。")
    else:
        answer = refused or failed
answer
