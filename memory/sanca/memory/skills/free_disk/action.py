"""Delete old files of the largest group in a service's data folder."""

before = system.disk_usage(service)
steps = disk_steps(service)
if not steps:
    answer = t(f"{service} uses {size(before['used_bytes'])} of {size(before['quota_bytes'])}; at least half is free, so nothing was deleted.", f"{service} 使用了 {size(before['used_bytes'])} / {size(before['quota_bytes'])}，至少一半空闲，没有删除任何文件。")
else:
    done, refused, failed = carry_out(steps)
    after = system.disk_usage(service)
    card.progress(t(f"Disk of {service}", f"{service} 的磁盘"), after["used_bytes"], after["quota_bytes"])
    lines = done + [line for line in (refused, failed) if line]
    answer = bullets(lines) + "\n\n" + t(f"**{size(after['used_bytes'])} of {size(after['quota_bytes'])} used** (before: {size(before['used_bytes'])}).", f"**已用 {size(after['used_bytes'])} / {size(after['quota_bytes'])}**（之前 {size(before['used_bytes'])}）。")
answer
