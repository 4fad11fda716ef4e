"""A Markdown report of what happened, from logs, deployments and the state now; saved for download."""

from pathlib import Path


def timeline(names):
    """Return (time, text) of deployments and the first of each kind of error, oldest first."""
    events = []
    for name in names:
        for row in system.deployments(name, limit=20):
            events.append((when(row["at"]), f"{name}: {row['kind']} {row['release']} ({row['by']}, {row['outcome']})"))
        kinds = {}
        for line in system.logs(name, level="ERROR", since_minutes=span, limit=500):
            kinds.setdefault(re.sub(r"\d+", "#", line["message"]), []).append(line)
        for lines in kinds.values():
            events.append((when(lines[0]["time"]), f"{name}: “{plain_error(lines[0]['message'])}” ×{len(lines)}"))
    start = datetime.now(UTC).timestamp() - 60 * span
    return sorted((event for event in events if event[0] and event[0].timestamp() >= start), key=lambda event: event[0])


span = max(1, int(minutes))
rows = {row["name"]: row for row in system.services()}
names = [service] if service in rows else list(rows)
looked = Looked(rows, {}, set())
sick = {name: found for name in names if (found := symptoms(looked.look_at(name)))}
causes = [cause for name in sick if (cause := find_cause(name, rows, looked))]
events = [f"| {moment:%Y-%m-%d %H:%M:%S} | {text.replace('|', chr(92) + '|')} |" for moment, text in timeline(names)]
report = "\n".join([
    t("# Incident report", "# 事故报告"), "",
    t(f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC for {', '.join(names)}, the last {span} minutes.", f"编写时间 {datetime.now(UTC):%Y-%m-%d %H:%M} UTC，范围：{'、'.join(names)}，最近 {span} 分钟。"), "",
    t("## State now", "## 当前状态"), "", bullets([f"{name}: {'; '.join(found)}" for name, found in sick.items()]) or t("All services are well.", "所有服务正常。"), "",
    t("## Probable cause", "## 可能原因"), "", bullets([line for cause in causes for line in cause["evidence"]]) or t("No cause is visible now.", "目前看不到原因。"), "",
    t("## Timeline (UTC)", "## 时间线（UTC）"), "", t("| Time | Event |", "| 时间 | 事件 |"), "| --- | --- |", *events, "",
])
path = Path("/output") / f"incident-{datetime.now(UTC):%Y%m%d-%H%M%S}.md"
path.write_text(report, encoding="utf-8")
card.text(report, t("Incident report", "事故报告"))
t(f"The report is ready for download: **{path.name}** ({len(events)} events).", f"报告已生成，可下载：**{path.name}**（{len(events)} 条事件）。") + f"\n\n{report}"
