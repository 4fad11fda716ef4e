"""Errors of one or all services, grouped by what they say."""

import re


def gist(message):
    """Return a message without what differs from line to line."""
    return re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", "#", plain_error(message))


names = [service] if service else [row["name"] for row in system.services()]
groups = {}
for name in names:
    for line in system.logs(name, level="ERROR", since_minutes=max(1, int(minutes)), limit=500):
        group = groups.setdefault((name, gist(line["message"])), {"count": 0, "last": ""})
        group["count"] += 1
        group["last"] = max(group["last"], str(line["time"]))
ranked = sorted(groups.items(), key=lambda item: -item[1]["count"])[:15]
table = [{t("Count", "次数"): group["count"], t("Service", "服务"): name, t("Error", "错误"): text, t("Last", "最近一次"): clock(group["last"])} for (name, text), group in ranked]
if table:
    card.table(t("Errors", "错误汇总"), table)
    total = sum(group["count"] for group in groups.values())
    answer = t(f"**{total} errors of {len(groups)} kinds in the last {minutes} minutes:**", f"**最近 {minutes} 分钟共 {total} 个错误，{len(groups)} 类：**") + "\n\n" + markdown_table(table)
else:
    answer = t(f"No errors were logged in the last {minutes} minutes.", f"最近 {minutes} 分钟没有错误日志。")
answer
