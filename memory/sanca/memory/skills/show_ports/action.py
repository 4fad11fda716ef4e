"""Who listens on which port."""

entries = [entry for entry in system.ports() if port is None or entry["port"] == int(port)]
table = [{t("Port", "端口"): entry["port"], t("Service", "服务"): entry["service"], t("Process", "进程"): f"{entry.get('pid') or '-'} {shortened(entry.get('process') or '', 60)}", t("Conflict", "冲突"): t("yes", "是") if entry.get("conflict") else t("no", "否")} for entry in entries]
clashes = [f"{entry['service']} ({entry['port']})" for entry in entries if entry.get("conflict")]
if table:
    card.table(t("Ports", "端口"), table)
    head = t(f"**Conflicts: {', '.join(clashes)}.**", f"**有冲突：{'、'.join(clashes)}。**") if clashes else t("No port is in conflict.", "没有端口冲突。")
    answer = f"{head}\n\n{markdown_table(table)}"
else:
    answer = t(f"No service uses port {port}.", f"没有服务使用端口 {port}。")
answer
