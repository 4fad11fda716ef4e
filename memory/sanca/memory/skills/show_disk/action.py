"""Disk usage of one service."""

disk = system.disk_usage(service)
largest = sorted(disk["entries"], key=lambda entry: -entry["bytes"])[:10]
card.progress(t(f"Disk of {service}", f"{service} 的磁盘"), disk["used_bytes"], disk["quota_bytes"] or 1)
table = [{t("File", "文件"): entry["path"], t("Size", "大小"): size(entry["bytes"]), t("Modified", "修改时间"): clock(entry["modified"])} for entry in largest]
free = (disk["quota_bytes"] or 0) - disk["used_bytes"]
t(f"**{service} uses {size(disk['used_bytes'])} of {size(disk['quota_bytes'])}** ({percent(disk['used_bytes'] / (disk['quota_bytes'] or 1))}), {size(max(0, free))} free.", f"**{service} 已用 {size(disk['used_bytes'])} / {size(disk['quota_bytes'])}**（{percent(disk['used_bytes'] / (disk['quota_bytes'] or 1))}），剩余 {size(max(0, free))}。") + "\n\n" + markdown_table(table)
