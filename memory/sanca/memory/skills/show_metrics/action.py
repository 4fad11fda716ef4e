"""Metrics of one service as a line chart."""

GROUPS = {
    "latency": (["latency_p95_ms"], "ms"),
    "errors": (["error_rate"], None),
    "traffic": (["requests_per_second"], "1/s"),
    "pool": (["pool_in_use", "pool_size", "pool_waiting"], None),
    "disk": (["disk_used_bytes", "disk_quota_bytes"], "B"),
    "memory": (["memory_mb"], "MB"),
}

chosen = [metric] if metric in GROUPS else ["latency", "errors", "traffic"]
lines = []
for group in chosen:
    names, unit = GROUPS[group]
    series = system.metrics(service, names=names, since_minutes=max(1, int(minutes)))
    drawn = {name: [[point["time"], point["value"]] for point in points] for name, points in series.items() if points}
    if drawn:
        card.line_chart(f"{service}: {group}", drawn, unit)
    for name, points in series.items():
        values = [point["value"] for point in points if point["value"] is not None]
        if values:
            lines.append(t(f"`{name}`: now {values[-1]:g}, lowest {min(values):g}, highest {max(values):g}", f"`{name}`：当前 {values[-1]:g}，最低 {min(values):g}，最高 {max(values):g}"))
t(f"**{service}, last {minutes} minutes**", f"**{service} 最近 {minutes} 分钟**") + "\n\n" + (bullets(lines) or t("No values were recorded.", "没有记录到数据。"))
