"""Log lines of one service."""

lines = system.logs(service, level=level, contains=contains, since_minutes=max(1, int(minutes)), limit=50)
if lines:
    table = [{t("Time", "时间"): clock(line["time"]), t("Level", "级别"): line["level"], t("Message", "内容"): shortened(line["message"], 200)} for line in lines]
    card.table(t(f"Log of {service}", f"{service} 的日志"), table)
    worst = sum(line["level"] in ("ERROR", "FATAL") for line in lines)
    head = t(f"The newest {len(lines)} lines of {service} in the last {minutes} minutes, {worst} of them errors:", f"{service} 最近 {minutes} 分钟最新的 {len(lines)} 行日志，其中错误 {worst} 行：")
    answer = head + "\n\n```\n" + "\n".join(f"{clock(line['time'])} {line['level']:5} {shortened(line['message'], 200)}" for line in lines[-20:]) + "\n```"
else:
    answer = t(f"{service} logged nothing that fits in the last {minutes} minutes.", f"{service} 在最近 {minutes} 分钟没有符合条件的日志。")
answer
