"""Deployments of one service."""

rows = system.deployments(service, limit=15)
table = [{t("Time", "时间"): clock(row["at"]), t("Kind", "类型"): row["kind"], t("Release", "版本"): row["release"], t("By", "操作人"): row["by"], t("Outcome", "结果"): row["outcome"], t("Note", "说明"): shortened(row.get("message") or "", 80)} for row in rows]
if table:
    card.table(t(f"Deployments of {service}", f"{service} 的部署历史"), table)
    answer = t(f"The last deployment of {service}: **{rows[0]['release']}**, {clock(rows[0]['at'])}, by {rows[0]['by']} ({rows[0]['outcome']}).", f"{service} 最近一次部署：**{rows[0]['release']}**，{clock(rows[0]['at'])}，{rows[0]['by']}（{rows[0]['outcome']}）。") + "\n\n" + markdown_table(table)
else:
    answer = t(f"No deployment of {service} is recorded.", f"没有 {service} 的部署记录。")
answer
