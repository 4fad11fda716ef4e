"""All services at a glance."""

WORDS = {"up": "正常", "degraded": "降级", "down": "停止"}


def status_row(row):
    return {
        t("Service", "服务"): row["name"],
        t("Status", "状态"): t(row["status"], WORDS.get(row["status"], row["status"])),
        t("Release", "版本"): row.get("release"),
        t("Errors", "错误率"): percent(row.get("error_rate") or 0),
        t("p95", "p95 延迟"): f"{row.get('latency_p95_ms') or 0:.0f} ms",
        t("Depends on", "依赖"): ", ".join(row.get("depends_on") or []),
    }


rows = system.services()
table = [status_row(row) for row in rows]
card.table(t("Services", "服务状态"), table)
sick = [row["name"] for row in rows if row["status"] != "up"]
head = t(f"{len(rows) - len(sick)} of {len(rows)} services are up", f"{len(rows)} 个服务中有 {len(rows) - len(sick)} 个正常" if sick else f"{len(rows)} 个服务全部正常")
tail = t(f"; not well: {', '.join(sick)}. Ask me to diagnose them.", f"；异常的是：{'、'.join(sick)}。需要的话我可以诊断。") if sick else t(".", "。")
f"**{head}**{tail}\n\n{markdown_table(table)}"
