# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Repairs what the diagnosis found, one effect at a time (each asks the person), and measures whether it helped."""

import re
import time

VERIFY_TRIES = 8
WANTED_FREE = 0.5
LIVE_FILE = re.compile(r"\.(?:db|sqlite\d?|lock|pid|sock)\b|-(?:wal|shm|journal)$", re.IGNORECASE)


def title_of(cause):
    """Return the cause in a few words."""
    service = cause["service"]
    return {
        "port_clash": t(f"another process holds the port of {service}", f"{service} 的端口被别的进程占用"),
        "disk_full": t(f"the disk quota of {service} is full", f"{service} 的磁盘配额已满"),
        "bad_config": t(f"a bad setting in a release of {service}", f"{service} 的一个版本带来了错误配置"),
        "bug_release": t(f"a bug in the last release of {service}", f"{service} 最近的版本有缺陷"),
        "exhausted_pool": t(f"the connection pool of {service} is exhausted", f"{service} 的连接池耗尽"),
        "slow_dependency": t(f"{service} itself is slow", f"{service} 自身响应缓慢"),
    }[cause["kind"]]


def steps_for(cause):
    """Return the repair as steps: (words, function that calls one effect tool)."""
    service = cause["service"]
    if cause["kind"] == "port_clash":
        why = f"holds port {cause['port']} of {service}"
        return [
            (
                t(f"stop process {cause['pid']}", f"停止进程 {cause['pid']}"),
                lambda: system.stop_process(cause["pid"], why),
            ),
            restart_step(service),
        ]
    if cause.get("before"):
        return [release_step(cause)]
    if cause["kind"] == "disk_full":
        return disk_steps(service)
    return [restart_step(service)]


def restart_step(service):
    """Restart it."""
    return (t(f"restart {service}", f"重启 {service}"), lambda: system.restart(service))


def rollback_step(service, release):
    """Roll it back."""
    return (
        t(f"roll {service} back to {release}", f"把 {service} 回滚到 {release}"),
        lambda: system.rollback(service, release),
    )


def release_step(cause):
    """Change the one setting back when the release changed nothing else; roll back otherwise."""
    service, settings = cause["service"], cause.get("settings") or {}
    back = [(key, pair) for key, pair in settings.items() if pair[0] is not None]
    if cause.get("code") or len(settings) != 1 or not back:
        return rollback_step(service, cause["before"])
    key, (before, after) = back[0]
    why = f"{after} in {cause['release']} broke {service}; this is the value of {cause['before']}"
    return (
        t(f"set `{key}` of {service} back to `{before}`", f"把 {service} 的 `{key}` 改回 `{before}`"),
        lambda: system.change_config(service, key, before, why),
    )


def disk_steps(service):
    """Delete the older files of the largest groups until half of the quota is free."""
    disk = system.disk_usage(service)
    needed = disk["used_bytes"] - (1 - WANTED_FREE) * disk["quota_bytes"]
    steps = []
    for pattern, files in file_groups(disk["entries"]):
        if needed <= 0 or len(steps) == 2:
            break
        if LIVE_FILE.search(pattern):
            continue  # what the service works with is not ours to delete
        minutes, freed = age_to_delete(files, needed)
        words = t(
            f"delete `{pattern}` of {service} older than {minutes} min ({size(freed)})",
            f"删除 {service} 中 {minutes} 分钟以前的 `{pattern}`({size(freed)})",
        )
        steps.append(
            (
                words,
                lambda pattern=pattern, minutes=minutes: system.delete_files(
                    service, pattern, older_than_minutes=minutes
                ),
            )
        )
        needed -= freed
    return steps


def file_groups(entries):
    """Return (pattern, files) of files that differ in numbers only, the largest group first."""
    groups = {}
    for entry in entries:
        folder, _, name = entry["path"].rpartition("/")
        stem, dot, ending = name.partition(".")
        pattern = re.sub(r"(?:[0-9]+[-_.]?)*[0-9]+", "*", stem) + dot + re.sub(r"[0-9]+", "*", ending)
        groups.setdefault(f"{folder}/{pattern}" if folder else pattern, []).append(entry)
    return sorted(groups.items(), key=lambda group: -sum(entry["bytes"] for entry in group[1]))


def age_to_delete(files, needed):
    """Return from which age on (whole minutes) to delete so that enough is freed and the newest stay, and what it frees."""
    now = datetime.now(UTC)
    aged = sorted(
        ((max(0.0, (now - (when(file["modified"]) or now)).total_seconds() / 60), file["bytes"]) for file in files),
        reverse=True,
    )
    freed, minutes = 0, 0
    for age, count in aged:
        if freed >= needed:
            break
        freed, minutes = freed + count, int(age)
    return minutes, sum(count for age, count in aged if age >= minutes)


def carry_out(steps):
    """Run the steps in order; stop at the first that is refused or fails. Returns (done, refused, failed)."""
    done = []
    for words, effect in steps:
        try:
            result = effect()
        except ToolDeniedError as error:
            return done, t(f"{words} — not done: {error}", f"{words} —— 没有执行:{error}"), None
        except ToolError as error:
            return done, None, t(f"{words} — failed: {error}", f"{words} —— 失败:{error}")
        outcome = str((result or {}).get("outcome", "ok"))
        if "freed_bytes" in (result or {}):
            words = t(
                f"{words}: {result['deleted']} files, {size(result['freed_bytes'])} freed",
                f"{words}:{result['deleted']} 个文件,释放 {size(result['freed_bytes'])}",
            )
        if not outcome.startswith("ok"):
            return done, None, t(f"{words} — {outcome}", f"{words} —— {outcome}")
        done.append(words)
    return done, None, None


def verify(service, slow_before=None):
    """Call the service until it is well, at most a few seconds. Returns (well, what was measured)."""
    measured = ""
    for attempt in range(VERIFY_TRIES):
        health, probe = system.health(service), called(service, 8)
        taken = sorted(probe["latencies_ms"]) or [0.0]
        middle = taken[len(taken) // 2]
        measured = t(
            f"{probe['requests'] - probe['failed']} of {probe['requests']} test calls succeeded, median {middle:.0f} ms, status {health['status']}",
            f"{probe['requests']} 次试访问成功 {probe['requests'] - probe['failed']} 次,中位耗时 {middle:.0f} ms,状态 {health['status']}",
        )
        fast = middle < SLOW_MS and (not slow_before or middle < 0.5 * slow_before)
        # Rates and callers' checks lag behind; the service's own answers do not.
        if probe["failed"] == 0 and fast and health["status"] != "down" and (health.get("http_status") or 0) < 500:
            return True, measured
        if attempt < VERIFY_TRIES - 1:
            time.sleep(1)
    return False, measured


def show_evidence(cause, looked):
    """Show the cards of a cause: the facts, the curve, the patch."""
    seen = looked[cause["service"]]
    card.facts(title_of(cause), {str(number): line for number, line in enumerate(cause["evidence"], 1)})
    names = {"disk_full": ("disk_used_bytes", "disk_quota_bytes"), "exhausted_pool": ("pool_in_use", "pool_size", "pool_waiting"),
             "slow_dependency": ("latency_p95_ms",)}.get(cause["kind"], ("error_rate",))  # fmt: skip
    series = {name: [[point["time"], point["value"]] for point in seen["metrics"].get(name) or []] for name in names}
    if any(len(points) > 1 for points in series.values()):
        card.line_chart(cause["service"], {name: points for name, points in series.items() if points})
    for file in (cause.get("files") or [])[:2]:
        card.diff(f"{cause['before']} → {cause['release']}", file["patch"], file["path"])


def repair_and_tell(cause, looked):
    """Show a cause, repair it, verify it. Returns (Markdown, state): state is repaired, refused or failed."""
    service = cause["service"]
    show_evidence(cause, looked)
    steps = steps_for(cause)
    say(
        t(
            f"Cause found: {title_of(cause)}. I propose: {'; '.join(words for words, _ in steps)}.",
            f"找到原因:{title_of(cause)}。我建议:{';'.join(words for words, _ in steps)}。",
        )
    )
    lines = [f"### {title_of(cause)}", "", bullets(cause["evidence"])]
    if len(cause["path"]) > 1:
        lines.append(
            t(f"- way of the symptoms: {' → '.join(cause['path'])}", f"- 症状传播路径:{' → '.join(cause['path'])}")
        )
    slow_before = latency(looked[service]) if cause["kind"] == "slow_dependency" else None
    done, refused, failed = carry_out(steps)
    lines += ["", t("**Repair:**", "**修复:**"), bullets(done or [t("nothing was changed", "没有做任何改动")])]
    if refused or failed:
        lines += [
            "",
            refused or failed,
            "",
            t("Still to do:", "仍需执行:"),
            bullets([words for words, _ in steps[len(done) :]]),
        ]
        return "\n".join(lines), "refused" if refused else "failed"
    well, measured = verify(service, slow_before)
    lines += [
        "",
        t(
            f"**Verified:** {measured}." if well else f"**Not well yet:** {measured}.",
            f"**验证:**{measured}。" if well else f"**尚未恢复:**{measured}。",
        ),
    ]
    return "\n".join(lines), "repaired" if well else "failed"


def heal(wanted):
    """Diagnose the wanted services (None: all), repair cause by cause, look again until all is well or nothing new is found."""
    parts, states, tried, first, repaired_at, blamed = [], [], set(), {}, {}, set()
    for _ in range(6):
        rows = {row["name"]: row for row in system.services()}
        looked = Looked(rows, repaired_at, blamed)
        sick = {name: found for name in (wanted or rows) if (found := symptoms(looked.look_at(name)))}
        first = first or sick
        causes = [cause for name in sick if (cause := find_cause(name, rows, looked)) and key_of(cause) not in tried]
        if not causes:
            break
        # The deepest first: what only suffers from it may be well afterwards.
        cause = max(causes, key=lambda found: len(found["path"]))
        tried.add(key_of(cause))
        text, state = repair_and_tell(cause, looked)
        parts.append(text)
        states.append(state)
        if state != "refused":
            blamed.add((cause["service"], cause.get("release")))
            repaired_at.update(dict.fromkeys(callers_of(cause["service"], rows), datetime.now(UTC)))
    return parts, states, first, sick


def key_of(cause):
    """Return what makes two causes the same."""
    return cause["kind"], cause["service"], cause.get("release")


def callers_of(service, rows):
    """Return a service and all that depend on it, over any number of steps."""
    found = {service}
    while more := {name for name, row in rows.items() if found & set(row.get("depends_on") or [])} - found:
        found |= more
    return found


def told(parts, states, first, sick, subject):
    """Return the whole answer of a diagnosis."""
    if not first:
        return t(
            f"**{subject} is well**: status, error rate, latency and test calls show nothing wrong.",
            f"**{subject}一切正常**:状态、错误率、延迟和试访问都没有发现问题。",
        )
    head = t(f"## What was wrong with {subject}", f"## {subject}的问题")
    seen = bullets([f"**{name}**: {'; '.join(found)}" for name, found in first.items()])
    unknown = [name for name in sick if name not in " ".join(parts)] if parts else list(sick)
    if not parts or (unknown and "refused" not in states):
        doubt = t(
            "The evidence does not name a cause"
            + (f" for {', '.join(unknown)}" if parts else "")
            + ". I would read its log, compare its last releases and, if nobody objects, restart it.",
            "现有证据不足以确定"
            + ("、".join(unknown) if parts else "")
            + "的原因。我会继续看日志、比较最近的版本;若无人反对,可尝试重启。",
        )
        parts = [*parts, doubt]
    end = t("All is well again.", "现在全部恢复正常。") if states and set(states) == {"repaired"} and not sick else ""
    return "\n\n".join(part for part in (head, seen, *parts, end) if part)
