"""Stop the foreign process on a service's port and start the service again."""

entry = next((entry for entry in system.ports() if entry["service"] == service), None)
if entry is None:
    answer = t(f"No port of {service!r} is known.", f"不知道 {service!r} 的端口。")
elif not entry.get("conflict"):
    answer = t(f"Nobody else holds port {entry['port']} of {service}; nothing was stopped.", f"没有别的进程占用 {service} 的端口 {entry['port']}，没有停止任何进程。")
else:
    cause = {"kind": "port_clash", "service": service, "pid": entry["pid"], "port": entry["port"]}
    done, refused, failed = carry_out(steps_for(cause))
    lines = [t(f"port {entry['port']} was held by process {entry['pid']} ({entry.get('process') or '?'})", f"端口 {entry['port']} 被进程 {entry['pid']}（{entry.get('process') or '?'}）占用"), *done]
    lines += [line for line in (refused, failed) if line]
    if len(done) == 2:
        well, measured = verify(service)
        lines.append(t(f"{'verified' if well else 'not well yet'}: {measured}", f"{'已验证' if well else '尚未恢复'}:{measured}"))
    answer = bullets(lines)
answer
