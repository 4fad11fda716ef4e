# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Finds why a service is sick, from the evidence only: ports, disk, dependencies, releases, pools, latency. Changes nothing."""

from pathlib import PurePosixPath


def port_cause(seen, looked):
    """Another process listens on the service's port."""
    entry = looked.port_of(seen["name"]) if seen["row"]["status"] != "up" or is_bad(seen["probe"]) else None
    if not entry or not entry.get("conflict") or not entry.get("pid") or entry["pid"] == entry.get("expected_pid"):
        return None
    process = file_of(entry.get("process"))
    evidence = [
        t(
            f"port {entry['port']} is held by process {entry['pid']} ({process}), which is not {seen['name']}",
            f"端口 {entry['port']} 被进程 {entry['pid']}（{process}）占用，它不是 {seen['name']}",
        )
    ]
    lines = asked(lambda: system.logs(seen["name"], level="WARN", since_minutes=5, limit=50), [])
    evidence += [quoted(line) for line in lines if PORT_TROUBLE.search(line["message"])][-1:]
    return {
        "kind": "port_clash",
        "service": seen["name"],
        "evidence": evidence,
        "pid": entry["pid"],
        "port": entry["port"],
        "process": process,
    }


def file_of(process):
    """Return a command line without the folders: what the program is called, and its arguments."""
    words = [PurePosixPath(word).name if "/" in word else word for word in str(process or "?").split()]
    return shortened(" ".join(words), 80)


def disk_cause(seen):
    """The disk quota is used up."""
    disk = seen["disk"]
    quota, used = disk.get("quota_bytes") or 0, disk.get("used_bytes") or 0
    if not quota or used < 0.9 * quota:
        return None
    complaints = quoted_lines(seen, WRITE_TROUBLE, 1)
    if used < FULL_DISK * quota and not complaints:
        return None
    evidence = [
        t(
            f"{size(used)} of {size(quota)} disk quota used ({percent(used / quota)})",
            f"磁盘配额 {size(quota)} 已用 {size(used)}（{percent(used / quota)}）",
        )
    ]
    cause = {"kind": "disk_full", "service": seen["name"], "evidence": evidence + complaints}
    return blame_setting(cause, seen, re.compile(r"quota|disk|storage", re.IGNORECASE))


def blame_setting(cause, seen, pattern):
    """Add the release that changed a setting of the kind, when it fits in time; else return the cause as it is."""
    last = seen["release"]
    if last is None or not last["fits"]:
        return cause
    settings, code, files = seen["changed"]
    guilty = {key: pair for key, pair in settings.items() if pattern.search(key)}
    if not guilty:
        return cause
    evidence = [*cause["evidence"], *setting_evidence(guilty, release_words(last))]
    return {**cause, "evidence": evidence, "settings": guilty, "code": code, "files": files, **last}


def setting_evidence(settings, whose):
    """Return which settings a release changed, as evidence."""
    changed = [
        t(f"`{key}` from `{pair[0]}` to `{pair[1]}`", f"`{key}` 从 `{pair[0]}` 改成了 `{pair[1]}`")
        for key, pair in settings.items()
    ]
    return [t(f"{whose} changed {', '.join(changed)}", f"{whose}把 {'，把 '.join(changed)}")] if changed else []


def release_words(last):
    """Return a release with who made it, when, and what ran before it."""
    return t(
        f"release {last['release']} (by {last['by']}, {clock(last['at'])} UTC; before it: {last['before']})",
        f"版本 {last['release']}（{last['by']}，{clock(last['at'])} UTC；之前是 {last['before']}）",
    )


def release_cause(seen, *, sure):
    """The last release broke it: by a setting it changed, or by its code. `sure`: only with more than the time to go by."""
    last = seen["release"]
    if last is None or not last["fits"]:
        return None
    settings, code, files = seen["changed"]
    frames = frames_in(seen["text"])
    guilty = [file["path"] for file in code if PurePosixPath(file["path"]).name in frames]
    named = {key: pair for key, pair in settings.items() if speaks_of(key, pair[1], seen)}
    if (sure and not guilty and not named) or not (settings or code):
        return None
    kind = "bad_config" if named or (settings and not code) else "bug_release"
    evidence = [began_after(last), *setting_evidence(named or settings, t("that release", "该版本"))]
    evidence += [
        t(
            f"the stack trace leads to `{path}`, which that release changed (“{shortened(last['message'], 80)}”)",
            f"堆栈指向 `{path}`，正是该版本改动的文件（“{shortened(last['message'], 80)}”）",
        )
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


def began_after(last):
    """Return how the onset and the release lie in time, as evidence."""
    release = release_words(last)
    if last["gap"] is None:
        return t(f"{release} did not come up", f"{release}没有成功启动")
    gap = max(0, round(last["gap"]))
    return t(
        f"the trouble began {gap} s after {release}" if gap else f"the trouble began right with {release}",
        f"{release}发布 {gap} 秒后出现故障" if gap else f"{release}一发布就出现故障",
    )


def pool_cause(seen):
    """All connections of the pool are in use, and callers wait or waited in vain."""
    used, total, waiting = (last_value(seen, name) for name in ("pool_in_use", "pool_size", "pool_waiting"))
    full = bool(total) and used is not None and used >= 0.95 * total
    below = seen["row"].get("depends_on") or []
    own = [
        line
        for line in seen["logs"]
        if line["level"] != "WARN"
        and POOL_TROUBLE.search(line["message"])
        and not any(name in line["message"] for name in below)
    ]
    if not own and not (full and waiting):
        return None
    evidence = [quoted(line) for line in own[-1:]]
    if full:
        numbers = t(
            f"{used:.0f} of {total:.0f} pool connections in use, {waiting or 0:.0f} callers waiting",
            f"连接池 {total:.0f} 个连接已用 {used:.0f} 个，{waiting or 0:.0f} 个调用在等待",
        )
        evidence.insert(0, numbers)
    cause = {"kind": "exhausted_pool", "service": seen["name"], "evidence": evidence}
    return blame_release(blame_setting(cause, seen, re.compile(r"pool|connection", re.IGNORECASE)), seen)


def blame_release(cause, seen):
    """Add the release that came right before: likelier than chance, a leak or calls that last too long."""
    last = seen["release"]
    if "before" in cause or last is None or not last["fits"]:
        return cause
    settings, code, files = seen["changed"]
    if not (settings or code):
        return cause
    release, message = release_words(last), shortened(last["message"], 80)
    evidence = t(
        f"it filled up right after {release}: “{message}”",
        f"连接池在{release}发布之后占满：“{message}”",
    )
    return {
        **cause,
        "evidence": [*cause["evidence"], evidence],
        "settings": settings,
        "code": code,
        "files": files,
        **last,
    }


def slow_cause(seen):
    """It is slow by itself: no release, no full pool, nothing below it."""
    if not is_slow(seen):
        return None
    usual = usual_latency(seen)
    evidence = [
        t(
            f"{seen['name']} itself takes {latency(seen):.0f} ms"
            + (f" (usually {usual:.0f} ms)" if usual else "")
            + "; no dependency, release, setting, pool, disk or port explains it",
            f"{seen['name']} 自身耗时 {latency(seen):.0f} ms"
            + (f"（平时 {usual:.0f} ms）" if usual else "")
            + "；依赖、版本、配置、连接池、磁盘和端口都不是原因",
        )
    ]
    locked = lock_lines(seen)
    return {
        "kind": "slow_dependency",
        "service": seen["name"],
        "evidence": evidence + (locked or quoted_lines(seen, re.compile(""), 1)),
        "locked": bool(locked),
    }


def locked_cause(seen):
    """It is slow because it says that it waits for a lock: no release did that by its time alone."""
    return slow_cause(seen) if LOCK_TROUBLE.search(seen["text"]) else None


def lock_lines(seen):
    """Return the lines that speak of a lock and of who started what holds it, as evidence; empty when none speaks of a lock."""
    recent = [
        line
        for word in ("lock", "started")
        for line in asked(
            lambda word=word: system.logs(seen["name"], level="INFO", contains=word, since_minutes=15, limit=5), []
        )
    ]
    waits = [line for line in seen["logs"] + recent if LOCK_TROUBLE.search(line["message"])]
    begun = [line for line in recent if "started" in line["message"] and "service" not in line["message"]]
    return list(dict.fromkeys(quoted(line) for line in [*waits[-1:], *begun[-1:]])) if waits else []


def find_cause(service, rows, looked, path=()):
    """Return the root cause of a service's trouble, following sick dependencies down; None when the evidence is not enough.

    `looked` gathers what was seen of each service; it has `look_at(name)`.
    """
    seen = looked.look_at(service)
    if cause := port_cause(seen, looked) or disk_cause(seen):
        return cause
    for below in rows[service].get("depends_on") or []:
        known = below in rows and below != service and below not in path
        if known and (cause := cause_below(below, rows, looked, (*path, service))):
            return cause
    cause = pool_cause(seen) or release_cause(seen, sure=True) or locked_cause(seen)
    cause = cause or release_cause(seen, sure=False) or slow_cause(seen)
    return cause or (None if path else caller_cause(service, rows, looked))


def cause_below(below, rows, looked, path):
    """Return the cause of a dependency's trouble, if it has any; one that is said to answer late is looked at longer."""
    seen, lower = looked.look_at(path[-1]), looked.look_at(below)
    late = any(below in line["message"] and TIME_TROUBLE.search(line["message"]) for line in seen["logs"][-20:])
    if late and not symptoms(lower):
        lower = looked.look_longer(below)
    # A dependency that takes a good part of the caller's time is looked at even before it counts as slow.
    burdens = is_slow(seen) and latency(lower) >= max(150.0, 0.4 * latency(seen))
    return find_cause(below, rows, looked, path) if symptoms(lower) or burdens else None


def caller_cause(service, rows, looked):
    """A caller's new release may be what breaks a service: wrong requests, a wrong key, too many of them."""
    for name, row in rows.items():
        if service in (row.get("depends_on") or []) and (cause := release_cause(looked.look_at(name), sure=False)):
            return cause
    return None
