# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Finds why a service is sick, from the evidence only: ports, disk, dependencies, releases, pools, latency. Changes nothing."""

import re
from pathlib import PurePosixPath


def port_cause(seen):
    """Another process listens on the service's port."""
    entry = seen["port"]
    if not entry or not entry.get("conflict") or not entry.get("pid") or entry["pid"] == entry.get("expected_pid"):
        return None
    evidence = [
        t(
            f"port {entry['port']} is held by process {entry['pid']} ({entry.get('process') or '?'}), which is not {seen['name']}",
            f"端口 {entry['port']} 被进程 {entry['pid']}({entry.get('process') or '?'})占用,它不是 {seen['name']}",
        )
    ]
    evidence += quoted_lines(seen, PORT_TROUBLE, 1)
    return {
        "kind": "port_clash",
        "service": seen["name"],
        "evidence": evidence,
        "pid": entry["pid"],
        "port": entry["port"],
    }


def disk_cause(seen):
    """The disk quota is used up."""
    disk = seen["disk"]
    quota, used = disk.get("quota_bytes") or 0, disk.get("used_bytes") or 0
    complaints = quoted_lines(seen, WRITE_TROUBLE, 1)
    if not quota or (used < FULL_DISK * quota and not (complaints and used >= 0.9 * quota)):
        return None
    evidence = [
        t(
            f"{size(used)} of {size(quota)} disk quota used ({percent(used / quota)})",
            f"磁盘配额 {size(quota)} 已用 {size(used)}({percent(used / quota)})",
        )
    ]
    cause = {"kind": "disk_full", "service": seen["name"], "evidence": evidence + complaints}
    return blame_setting(cause, seen, re.compile(r"quota|disk|storage", re.IGNORECASE))


def blame_setting(cause, seen, pattern):
    """Add the release that changed a setting of the kind, when it fits in time; else return the cause as it is."""
    last = last_release(seen)
    if last is None or not last["fits"]:
        return cause
    settings, code, files = what_changed(seen["name"], last)
    guilty = {key: pair for key, pair in settings.items() if pattern.search(key)}
    if not guilty:
        return cause
    cause["evidence"] += [
        t(
            f"release {last['release']} changed `{key}` from `{pair[0]}` to `{pair[1]}`",
            f"版本 {last['release']} 把 `{key}` 从 `{pair[0]}` 改成 `{pair[1]}`",
        )
        for key, pair in guilty.items()
    ]
    return {**cause, "settings": guilty, "code": code, "files": files, **last}


def release_cause(seen, *, sure):
    """The last release broke it: by a setting it changed, or by its code. `sure`: only with more than the time to go by."""
    last = last_release(seen)
    if last is None:
        return None
    settings, code, files = what_changed(seen["name"], last)
    if not last["fits"]:
        return None
    frames = frames_in(seen["text"])
    guilty = [file["path"] for file in code if PurePosixPath(file["path"]).name in frames]
    named = {key: pair for key, pair in settings.items() if speaks_of(key, pair[1], seen)}
    if (sure and not guilty and not named) or not (settings or code):
        return None
    kind = "bad_config" if named or (settings and not code) else "bug_release"
    gap = f"{max(0, round(last['gap']))} s" if last["gap"] is not None else "?"
    evidence = [
        t(
            f"the trouble began {gap} after release {last['release']} (by {last['by']}, {clock(last['at'])}, before it: {last['before']})",
            f"故障在版本 {last['release']} 发布后 {gap} 开始(发布人 {last['by']},{clock(last['at'])},之前是 {last['before']})",
        )
    ]
    evidence += [
        t(
            f"that release changed `{key}` from `{pair[0]}` to `{pair[1]}`",
            f"该版本把 `{key}` 从 `{pair[0]}` 改成 `{pair[1]}`",
        )
        for key, pair in (named or settings).items()
    ]
    evidence += [
        t(f"the stack trace leads to `{path}`, which that release changed", f"堆栈指向 `{path}`,正是该版本改动的文件")
        for path in guilty
    ]
    evidence += quoted_lines(seen, re.compile(""), 1)
    return {
        "kind": kind,
        "service": seen["name"],
        "evidence": evidence,
        "settings": named or settings,
        "code": code,
        "files": files,
        **last,
    }


def pool_cause(seen):
    """All connections of the pool are in use and callers wait."""
    used, total, waiting = (last_value(seen, name) for name in ("pool_in_use", "pool_size", "pool_waiting"))
    if not total or used is None or used < 0.95 * total or not (waiting or POOL_TROUBLE.search(seen["text"])):
        return None
    evidence = [
        t(
            f"{used:.0f} of {total:.0f} pool connections in use, {waiting or 0:.0f} callers waiting",
            f"连接池 {total:.0f} 个连接已用 {used:.0f} 个,{waiting or 0:.0f} 个调用在等待",
        )
    ]
    evidence += quoted_lines(seen, POOL_TROUBLE, 1)
    cause = {"kind": "exhausted_pool", "service": seen["name"], "evidence": evidence}
    blamed = blame_setting(cause, seen, re.compile(r"pool|connection", re.IGNORECASE))
    last = last_release(seen)
    if "before" in blamed or last is None or not last["fits"]:
        return blamed
    # A release that came right before is the likelier reason than chance: a leak, or calls that last too long.
    settings, code, files = what_changed(seen["name"], last)
    if not (settings or code):
        return blamed
    evidence.append(
        t(
            f"it filled up right after release {last['release']} (by {last['by']}, before it: {last['before']})",
            f"连接池在版本 {last['release']}(发布人 {last['by']},之前是 {last['before']})之后立刻占满",
        )
    )
    return {**cause, "settings": settings, "code": code, "files": files, **last}


def slow_cause(seen):
    """It is slow by itself: no release, no full pool, nothing below it."""
    if not is_slow(seen):
        return None
    evidence = [
        t(
            f"{seen['name']} itself takes {latency(seen):.0f} ms (usually {usual_latency(seen):.0f} ms); what it depends on is well",
            f"{seen['name']} 自身耗时 {latency(seen):.0f} ms(平时 {usual_latency(seen):.0f} ms),它的依赖都正常",
        )
    ]
    evidence.append(
        t("no release, setting, pool, disk or port explains it", "没有版本、配置、连接池、磁盘或端口方面的原因")
    )
    evidence += quoted_lines(seen, re.compile(""), 1)
    return {"kind": "slow_dependency", "service": seen["name"], "evidence": evidence}


def find_cause(service, rows, looked, path=()):
    """Return the root cause of a service's trouble, following sick dependencies down; None when the evidence is not enough.

    `looked` gathers what was seen of each service; it has `look_at(name)`.
    """
    seen = looked.look_at(service)
    if cause := port_cause(seen) or disk_cause(seen):
        return {**cause, "path": (*path, service)}
    for below in rows[service].get("depends_on") or []:
        if below in rows and below != service and below not in path:
            lower = looked.look_at(below)
            # A dependency that takes a good part of the caller's time is looked at even before it counts as slow.
            burdens = is_slow(seen) and latency(lower) >= max(150.0, 0.4 * latency(seen))
            if (symptoms(lower) or burdens) and (cause := find_cause(below, rows, looked, (*path, service))):
                return cause
    cause = pool_cause(seen) or release_cause(seen, sure=True) or release_cause(seen, sure=False) or slow_cause(seen)
    cause = cause or (None if path else caller_cause(service, rows, looked))
    return {**cause, "path": (*path, service)} if cause else None


def caller_cause(service, rows, looked):
    """A caller's new release may be what breaks a service: wrong requests, a wrong key, too many of them."""
    for name, row in rows.items():
        if service in (row.get("depends_on") or []) and (cause := release_cause(looked.look_at(name), sure=False)):
            return cause
    return None
