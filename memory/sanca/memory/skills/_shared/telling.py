# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Tells a diagnosis: the cards that carry the evidence, and the answer in words. Decides nothing and repairs nothing."""

CHARTED_MINUTES = 15
METRICS = {
    "disk_full": ("disk_used_bytes", "disk_quota_bytes"),
    "exhausted_pool": ("pool_in_use", "pool_size", "pool_waiting"),
    "slow_dependency": ("latency_p95_ms",),
}


def status_word(status):
    """Return a service's status in the language of the person."""
    return t(status, {"up": "正常", "degraded": "降级", "down": "停止"}.get(status, status))


def title_of(cause):
    """Return the cause in a few words."""
    service, release = cause["service"], cause.get("release")
    if cause["kind"] == "bad_config" or (cause.get("settings") and not cause.get("code")):
        settings = list((cause.get("settings") or {}).items())
        shown = [t(f"`{key}` to `{pair[1]}`", f"把 `{key}` 设成了 `{pair[1]}`") for key, pair in settings[:2]]
        return t(
            f"Release {release} of {service} set {' and '.join(shown)}",
            f"{service} 的版本 {release} {'，'.join(shown)}",
        )
    if cause["kind"] == "exhausted_pool" and release:
        return t(
            f"Release {release} of {service} uses up its connection pool", f"{service} 的版本 {release} 耗尽了连接池"
        )
    return {
        "port_clash": t(
            f"Another process holds port {cause.get('port')} of {service}",
            f"{service} 的端口 {cause.get('port')} 被别的进程占用",
        ),
        "disk_full": t(f"The disk quota of {service} is full", f"{service} 的磁盘配额已满"),
        "bug_release": t(f"Release {release} of {service} has a bug", f"{service} 的版本 {release} 有缺陷"),
        "exhausted_pool": t(f"The connection pool of {service} is exhausted", f"{service} 的连接池已耗尽"),
        "slow_dependency": t(f"{service} is slow by itself", f"{service} 自身响应慢"),
    }[cause["kind"]]


def show_overview(rows, first):
    """Show the card of all services: status, numbers, and what is wrong."""
    table = [
        {
            t("Service", "服务"): name,
            t("Status", "状态"): status_word(row["status"]),
            t("Release", "版本"): row.get("release"),
            t("Errors", "错误率"): percent(row.get("error_rate") or 0),
            "p95": f"{row.get('latency_p95_ms') or 0:.0f} ms",
            t("Seen", "现象"): t("; ", "；").join(first.get(name, [])) or t("nothing", "无"),
        }
        for name, row in rows.items()
    ]
    card.table(t("Services before the repair", "修复前的服务状态"), table)


def show_cause(cause, seen, steps):
    """Show the cards of a cause, and say it with the repair that will be asked for."""
    facts = {t("Cause", "原因"): title_of(cause).replace("`", "")}
    if cause.get("release"):
        facts[t("Release", "版本")] = f"{cause['before']} → {cause['release']}"
        facts[t("Released", "发布")] = t(
            f"{clock(cause['at'])} UTC by {cause['by']}", f"{cause['by']}，{clock(cause['at'])} UTC"
        )
        facts[t("Commit message", "提交说明")] = shortened(cause["message"], 120)
    facts[t("Repair", "修复")] = t("; ", "；").join(steps).replace("`", "")
    card.facts(cause["service"], facts)
    show_chart(cause, seen)
    for file in (cause.get("files") or [])[:2]:
        card.diff(f"{cause['before']} → {cause['release']}", file["patch"], file["path"])
    proposal = t("; then ", "；然后").join(steps)
    say(
        t(
            f"Cause found: {title_of(cause)}. I propose: {proposal}.",
            f"找到原因：{title_of(cause)}。我建议：{proposal}。",
        )
    )


def show_chart(cause, seen):
    """Show the metric that the cause shows in, once it shows there."""
    names = METRICS.get(cause["kind"]) or (("latency_p95_ms",) if is_slow(seen) else ("error_rate",))
    since = datetime.now(UTC) - timedelta(minutes=CHARTED_MINUTES)
    scale, unit = {"disk_full": (1 / 1048576, "MB"), "exhausted_pool": (1, None)}.get(cause["kind"], (1, "ms" if names[0].endswith("_ms") else None))  # fmt: skip
    series = {
        name: [
            [point["time"], round(point["value"] * scale, 3)]
            for point in seen["metrics"].get(name) or []
            if point["value"] is not None and (when(point["time"]) or since) > since
        ]
        for name in names
    }
    if any(len({value for _, value in points}) > 1 for points in series.values()):
        card.line_chart(cause["service"], {name: points for name, points in series.items() if points}, unit)


def part_of(cause, way, done, trouble, left):
    """Return what the answer says of one cause: evidence, repair, what is still to do."""
    evidence = list(cause["evidence"])
    if len(way) > 1:
        spread = " → ".join(way)
        evidence.append(t(f"way of the symptoms: {spread}", f"症状传播路径：{spread}"))
    lines = [t("**Evidence**", "**证据**"), "", bullets(evidence), "", t("**Repair**", "**修复**"), ""]
    lines.append(bullets(done or [t("nothing was changed", "没有做任何改动")]))
    if trouble:
        lines += ["", trouble, "", t("Still to do:", "仍需执行："), "", bullets(left)]
    return "\n".join(lines)


def measured_part(measured, state):
    """Return what was measured after a repair."""
    if not measured:
        return ""
    if state == "repaired":
        return "\n\n" + t(f"**Measured after:** {measured}.", f"**修复后实测**：{measured}。")
    return "\n\n" + t(f"**Not well yet:** {measured}.", f"**尚未恢复**：{measured}。")


def told(healing):
    """Return the whole answer of a diagnosis."""
    sick = healing.sick()
    if not healing.outcomes and not sick:
        return all_well(healing)
    parts = [lead_of(healing), symptom_list(healing.first or sick), *numbered(healing)]
    unknown = [name for name in sick if name not in explained(healing)]
    if unknown:
        parts.append(no_cause(unknown, healing))
    elif not sick and not healing.left():
        parts.append(t(f"All is well again: {all_calls(healing)}.", f"现在全部恢复正常：{all_calls(healing)}。"))
    return "\n\n".join(part for part in parts if part)


def symptom_list(symptoms_of):
    """Return the symptoms of each service as a list."""
    lines = [f"**{name}**{t(': ', '：')}{t('; ', '；').join(found)}" for name, found in symptoms_of.items()]
    return f"{t('**Symptoms**', '**现象**')}\n\n{bullets(lines)}" if lines else ""


def numbered(healing):
    """Return the parts; with a heading each when there are several."""
    if len(healing.parts) < 2:
        return healing.parts
    titles = [title_of(cause) for cause, _ in healing.outcomes]
    return [
        f"### {number}. {title}\n\n{part}"
        for number, (title, part) in enumerate(zip(titles, healing.parts, strict=True), 1)
    ]


def explained(healing):
    """Return the services that suffer from a cause that is known and still there."""
    left = [cause["service"] for cause, state in healing.outcomes if state != "repaired"]
    return {name for service in left for name in callers_of(service, healing.rows)}


def lead_of(healing):
    """Return the first line: whether the service itself is to blame, and what came of it."""
    if not healing.outcomes:
        return ""
    states, count = {state for _, state in healing.outcomes}, len(healing.outcomes)
    if states == {"refused"}:
        end = t("nothing was changed", "没有做任何改动")
    elif "refused" in states or healing.sick():
        end = t("not all is repaired", "没有全部修复")
    else:
        end = t("repaired", "已修复")
    if count > 1:
        lead = t(f"**{count} causes found; {end}.**", f"**找到 {count} 个原因，{end}。**")
    else:
        title = title_of(healing.outcomes[0][0])
        lead = t(f"**Cause found, {end}:** {title}.", f"**已找到原因，{end}**：{title}。")
    guilty = list(dict.fromkeys(cause["service"] for cause, _ in healing.outcomes))
    if healing.wanted and healing.wanted not in {*guilty, *healing.first}:
        names = t(" and ", "、").join(guilty)
        lead += t(
            f" {healing.wanted} itself is fine, but {relation(healing, names)}.",
            f"{healing.wanted} 本身正常，{relation(healing, names)}。",
        )
    return lead


def relation(healing, names):
    """Return how the guilty services stand to the one that was asked about."""
    below = set(reach_down(healing.wanted, healing.rows))
    if all(cause["service"] in below for cause, _ in healing.outcomes):
        return t(f"{names}, which it depends on, was not", f"但它依赖的 {names} 有问题")
    return t(f"{names} was not", f"但 {names} 有问题")


def all_calls(healing):
    """Return how the test calls of the last look went, over which services."""
    probes = {name: seen["probe"] for name, seen in healing.looked.items() if seen["probe"]}
    made = sum(probe["requests"] for probe in probes.values())
    failed = sum(probe["failed"] for probe in probes.values())
    words = calls_words({"requests": made, "failed": failed})
    return t(f"{words} ({', '.join(probes)})", f"{words}（{'、'.join(probes)}）")


def all_well(healing):
    """Return the answer when nothing is wrong, with what was seen that is over or new."""
    subject = healing.wanted or t("The fleet", "整个系统")
    subject = f"{subject} " if language == "zh" and healing.wanted else subject
    found = t(
        f"**{subject} is well:** {all_calls(healing)}; no process is down, no disk full, nothing slow.",
        f"**{subject}一切正常**：{all_calls(healing)}；没有服务停止，没有磁盘写满，没有响应变慢。",
    )
    notes = [note for name, seen in healing.looked.items() for note in notes_of(name, seen)]
    away = [name for name, row in healing.rows.items() if name not in healing.looked and row["status"] != "up"]
    notes += [t(f"{name} is {healing.rows[name]['status']}; ask me about it", f"{name} 状态为{status_word(healing.rows[name]['status'])}，需要的话可以让我诊断") for name in away]  # fmt: skip
    return f"{found}\n\n{bullets(notes)}" if notes else found


def notes_of(name, seen):
    """Return what of a service that is well is worth knowing: errors that are over, a release of the last minutes."""
    notes = []
    if rate_symptoms(seen["row"]) and seen["over"]:
        share = percent(seen["row"]["error_rate"])
        notes.append(
            t(
                f"{name}: {share} of its requests failed shortly before; that is over",
                f"{name} 此前有 {share} 的请求失败，现已恢复",
            )
        )
    if is_fresh(seen):
        change = newest_change(seen)[0]
        calls = seen["probe"]["requests"] if seen["probe"] else 0
        notes.append(
            t(
                f"{name} runs release {change['release']} since {clock(change['at'])} UTC (by {change['by']}: “{shortened(change['message'], 80)}”); {calls} calls showed no trouble",
                f"{name} 从 {clock(change['at'])} UTC 起运行新版本 {change['release']}（{change['by']}：“{shortened(change['message'], 80)}”），{calls} 次测试请求未见异常",
            )
        )
    return notes


def no_cause(names, healing):
    """Return what is said of symptoms whose cause the evidence does not name: the last errors, and what could be done."""
    whose = t(" for ", " ") + t(", ", "、").join(names) + t("", " ")
    errors = [f"{name}{t(': ', '：')}{line}" for name in names for line in last_errors(healing.looked[name])]
    doubt = t(
        f"The evidence does not name a cause{whose}. I would read the log, compare the last releases and, if nobody objects, restart.",
        f"现有证据不足以确定{whose}的故障原因。建议继续查看日志、比较最近的版本；若无人反对，可尝试重启。",
    )
    return f"{doubt}\n\n{bullets(errors)}" if errors else doubt


def last_errors(seen):
    """Return the newest error a service logged and the one its callers get."""
    failed = (
        [
            t(
                f"calls get “{plain_error(seen['probe']['sample_error'])}”",
                f"请求返回“{plain_error(seen['probe']['sample_error'])}”",
            )
        ]
        if seen["probe"] and seen["probe"]["failed"]
        else []
    )
    return [*failed, *quoted_lines(seen, re.compile(""), 1)]
