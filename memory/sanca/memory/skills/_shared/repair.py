# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Repairs what the diagnosis found, one effect at a time (each asks the person), and measures whether it helped."""

import re
import time

VERIFY_SECONDS, VERIFY_PAUSES = 6.0, (0.3, 0.7, 1.0, 1.5, 2.0)
VERIFY_CALLS = 9
WANTED_FREE = 0.5
LIVE_FILE = re.compile(r"\.(?:db|sqlite\d?|lock|pid|sock)\b|-(?:wal|shm|journal)$", re.IGNORECASE)


def steps_for(cause):
    """Return the repair as steps: (words, function that calls one effect tool)."""
    service = cause["service"]
    if cause["kind"] == "port_clash":
        why = f"holds port {cause['port']} of {service}"
        process = t(f" ({cause['process']})", f"（{cause['process']}）") if cause.get("process") else ""
        return [
            (
                t(f"stop process {cause['pid']}{process}", f"停止进程 {cause['pid']}{process}"),
                lambda: system.stop_process(cause["pid"], why),
            ),
            restart_step(service),
        ]
    if cause.get("before"):
        return [release_step(cause)]
    if cause["kind"] == "disk_full":
        return disk_steps(service)
    return [restart_step(service, ends_work=cause.get("locked", False))]


def restart_step(service, *, ends_work=False):
    """Restart it; `ends_work`: say that what holds its lock ends too."""
    note = t(", which also ends the work that holds the lock", "（占用锁的任务会随之中止）") if ends_work else ""
    return (t(f"restart {service}", f"重启 {service}") + note, lambda: system.restart(service))


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
    why = f"back to the value of {cause['before']}; {after} in {cause['release']} broke {service}"
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
            f"delete `{pattern}` of {service} older than {span_of(minutes)} ({size(freed)})",
            f"删除 {service} 中{span_of(minutes)}以前的 `{pattern}`（{size(freed)}）",
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


def span_of(minutes):
    """Return a span of time for people."""
    for length, english, chinese in ((1440, "days", "天"), (60, "hours", "小时")):
        if minutes >= 2 * length:
            return t(f"{minutes // length} {english}", f" {minutes // length} {chinese}")
    return t(f"{minutes} min", f" {minutes} 分钟")


def carry_out(steps):
    """Run the steps in order; stop at the first that is refused or fails. Returns (done, refused, failed)."""
    done = []
    for words, effect in steps:
        try:
            result = effect() or {}
        except ToolDeniedError as error:
            return done, refused_note(error), None
        except ToolError as error:
            return done, None, t(f"Failed: {error}", f"执行失败：{error}")
        outcome = str(result.get("outcome", "ok"))
        if not outcome.startswith("ok"):
            return done, None, t(f"{words}: {outcome}", f"{words}：{outcome}")
        done.append(words + what_came(result, words))
    return done, None, None


def what_came(result, words):
    """Return what an effect says it did, where the words do not say it yet."""
    if "freed_bytes" in result:
        return t(
            f": {result['deleted']} files deleted, {size(result['freed_bytes'])} freed",
            f"：已删除 {result['deleted']} 个文件，释放 {size(result['freed_bytes'])}",
        )
    release = result.get("release")
    return t(f" (runs {release})", f"（运行版本 {release}）") if release and str(release) not in words else ""


def verify(service):
    """Call the service until it is well, at most a few seconds. Returns (well, what was measured)."""
    well, now = measure(service)
    return well, measured_words(now["probe"])


def measure(service, slow_before=None):
    """Call the service until it is well, at most a few seconds. Returns (well, its health and probe)."""
    end = time.monotonic() + VERIFY_SECONDS
    for pause in (*VERIFY_PAUSES, 0.0):
        health, probe = system.health(service), called(service, VERIFY_CALLS)
        fast = middle(probe) < SLOW_MS and (not slow_before or middle(probe) < 0.5 * slow_before)
        # Rates and callers' checks lag behind; the service's own answers do not.
        well = not probe["failed"] and fast and health["status"] != "down" and (health.get("http_status") or 0) < 500
        if well or time.monotonic() > end:
            break
        time.sleep(pause)
    return well, {"health": health, "probe": probe}


def middle(probe):
    """Return the median of what the calls took, in ms."""
    taken = sorted(probe["latencies_ms"]) or [0.0]
    return taken[len(taken) // 2]


def measured_words(probe, before=None):
    """Return what a probe measured, and what one measured before the repair."""
    words = f"{calls_words(probe)}{t(', median', '，响应时间中位数')} {middle(probe):.0f} ms"
    if probe["failed"]:
        words += t(f" (“{plain_error(probe['sample_error'])}”)", f"（“{plain_error(probe['sample_error'])}”）")
    if before and is_bad(before):
        failures = f"{calls_words(before)}{t(', ', '，')}" if before["failed"] else ""
        words += t(f" (before: {failures}{middle(before):.0f} ms)", f"（修复前：{failures}{middle(before):.0f} ms）")
    return words
