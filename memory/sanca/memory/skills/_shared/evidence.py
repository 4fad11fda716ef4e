# ruff: noqa: F821, E501, ANN001, ANN201, ANN204 - names come from the runtime; sentences keep one line; actions are plain Python
"""Gathers the evidence about a service: calls, logs, metrics, releases, disk, ports, and what in it is a symptom. Names no cause."""

import re
import statistics
from pathlib import PurePosixPath

STARTED = datetime.now(UTC)
"""When this action began: what was deployed later is its own repair."""
FULL_DISK = 0.95
HIGH_ERROR_RATE = 0.05
SLOW_MS = 1000.0
AFTER_RELEASE_SECONDS = 300

WRITE_TROUBLE = re.compile(
    r"no space|disk.{0,12}full|quota|enospc|cannot write|can't write|write failed|磁盘", re.IGNORECASE
)
POOL_TROUBLE = re.compile(r"\bpool\b|connection is not available|no (?:free|idle) connection", re.IGNORECASE)
PORT_TROUBLE = re.compile(
    r"address already in use|port.{0,30}in use|bindexception|failed to bind|eaddrinuse", re.IGNORECASE
)
TIME_TROUBLE = re.compile(r"time[d ]?-?out|deadline|too slow|took longer|did not answer|within \d+ ?ms", re.IGNORECASE)
SYMPTOMS = (
    (re.compile(r"time|deadline|latency|delay", re.IGNORECASE), TIME_TROUBLE),
    (re.compile(r"pool|connection", re.IGNORECASE), POOL_TROUBLE),
    (re.compile(r"url|host|port|endpoint|address|upstream|path", re.IGNORECASE),
     re.compile(r"refused|unknown host|unreachable|connect|resolve|404|not found", re.IGNORECASE)),
    (re.compile(r"credential|key|token|secret|auth|password|user", re.IGNORECASE),
     re.compile(r"\b40[13]\b|unauthori|forbidden|denied|credential|\bkey\b", re.IGNORECASE)),
    (re.compile(r"limit|max|min|size|threshold|quota", re.IGNORECASE),
     re.compile(r"limit|exceed|reject|too (?:many|large|small|big)|overflow", re.IGNORECASE)),
)  # fmt: skip


def look(service, rows, since=None, blamed=()):
    """Gather what the tools say about one service; `since`: only what is newer, because it was repaired then."""
    seen = {
        "name": service,
        "row": dict(rows[service]),
        "health": system.health(service),
        "since": since,
        "blamed": blamed,
        "started": STARTED,
    }
    seen["probe"] = None if seen["row"]["status"] == "down" else called(service, 8 if since else 4)
    seen["logs"] = asked(lambda: system.logs(service, level="WARN", since_minutes=60, limit=200), [])
    seen["metrics"] = asked(lambda: system.metrics(service, since_minutes=60), {})
    seen["deployments"] = asked(lambda: system.deployments(service, limit=20), [])
    seen["disk"] = asked(lambda: system.disk_usage(service), {})
    seen["port"] = next((entry for entry in asked(system.ports, []) if entry["service"] == service), None)
    if since:
        # Rates over the last minutes still hold the trouble of before; lines and calls of after do not.
        seen["row"].update(error_rate=None, latency_p95_ms=None)
        seen["logs"] = [line for line in seen["logs"] if (when(line["time"]) or since) > since]
        if seen["row"]["status"] == "degraded" and (seen["health"].get("http_status") or 0) < 500:
            seen["row"]["status"], seen["health"]["checks"] = "up", {}
    seen["text"] = "\n".join(f"{line['message']} {line.get('stack') or ''}" for line in seen["logs"])
    return seen


def asked(question, otherwise):
    """Return the answer of a tool, or what stands for no answer: one tool that fails does not end a diagnosis."""
    try:
        return question()
    except ToolDeniedError:
        raise
    except ToolError as error:
        say(t(f"(no answer: {error})", f"(没有回答:{error})"))
        return otherwise


def called(service, count):
    """Really call a service: once at first, so that a sick one does not take all the time, then the rest."""
    none = {"requests": 1, "failed": 1, "latencies_ms": [], "sample_error": t("no answer in time", "未及时应答")}
    first = asked(lambda: system.probe(service, count=1), none)
    if count < 2 or first["failed"] or max(first["latencies_ms"], default=0.0) >= SLOW_MS:
        return first
    more = asked(lambda: system.probe(service, count=count - 1), none)
    taken = [*first["latencies_ms"], *more["latencies_ms"]]
    return {**more, "requests": 1 + more["requests"], "latencies_ms": taken}


class Looked(dict):
    """What was seen of each service in this pass; looks when asked the first time."""

    def __init__(self, rows, repaired_at, blamed):
        """Take the rows of `services()`, when which service was repaired, and the (service, release) that were blamed before."""
        super().__init__()
        self.rows, self.repaired_at, self.blamed = rows, repaired_at, blamed

    def look_at(self, name):
        """Return what is seen of a service."""
        if name not in self:
            self[name] = look(
                name,
                self.rows,
                self.repaired_at.get(name),
                {release for service, release in self.blamed if service == name},
            )
        return self[name]


def last_value(seen, name):
    """Return the highest of the newest values of a metric, or None: a gauge may just have been low."""
    values = [point["value"] for point in (seen["metrics"].get(name) or [])[-3:] if point["value"] is not None]
    return max(values, default=None)


def usual_latency(seen):
    """Return the p95 of quiet times: the lower quartile of the last hour."""
    values = sorted(point["value"] for point in seen["metrics"].get("latency_p95_ms") or [] if point["value"])
    return values[len(values) // 4] if values else 0.0


def latency(seen):
    """Return what the service takes now, in ms: the worse of what it reports and what a real call took."""
    taken = (seen["probe"] or {}).get("latencies_ms") or []
    return max(seen["row"].get("latency_p95_ms") or 0.0, statistics.median(taken) if taken else 0.0)


def is_slow(seen):
    """Whether it is slow by any measure, or much slower than it used to be."""
    now, usual = latency(seen), usual_latency(seen)
    return now >= SLOW_MS or (now >= 250 and usual > 0 and now >= 4 * usual)


def symptoms(seen):
    """Return what is visibly wrong with a service, as sentences; empty when it is well."""
    found, row, health, probe = [], seen["row"], seen["health"], seen["probe"]
    if row["status"] != "up":
        found.append(
            t(
                f"status {row['status']}: {shortened(health.get('message') or '')}",
                f"状态 {row['status']}:{shortened(health.get('message') or '')}",
            )
        )
    for name, check in (health.get("checks") or {}).items():
        if not check.get("ok", True):
            found.append(
                t(
                    f"health check {name} fails: {shortened(check.get('message') or '')}",
                    f"健康检查 {name} 失败:{shortened(check.get('message') or '')}",
                )
            )
    if (row.get("error_rate") or 0) >= HIGH_ERROR_RATE:
        found.append(
            t(f"{percent(row['error_rate'])} of its requests fail", f"{percent(row['error_rate'])} 的请求失败")
        )
    if probe and probe["failed"]:
        found.append(
            t(
                f"{probe['failed']} of {probe['requests']} test calls failed: {shortened(probe.get('sample_error') or '')}",
                f"{probe['requests']} 次试访问中有 {probe['failed']} 次失败:{shortened(probe.get('sample_error') or '')}",
            )
        )
    quota, used = seen["disk"].get("quota_bytes") or 0, seen["disk"].get("used_bytes") or 0
    if quota and used >= FULL_DISK * quota:
        found.append(t(f"disk quota used to {percent(used / quota)}", f"磁盘配额已用 {percent(used / quota)}"))
    if is_slow(seen):
        found.append(
            t(
                f"slow: {latency(seen):.0f} ms (usually {usual_latency(seen):.0f} ms)",
                f"慢:{latency(seen):.0f} ms(平时 {usual_latency(seen):.0f} ms)",
            )
        )
    return found


def onset(seen):
    """Return when the present trouble began: the first point of the last bad stretch, or the first error."""
    for name, bad in (("error_rate", HIGH_ERROR_RATE), ("latency_p95_ms", max(250.0, 4 * usual_latency(seen)))):
        begin = None
        for point in reversed(seen["metrics"].get(name) or []):
            if (point["value"] or 0) < bad and (begin or not seen["since"]):
                break
            begin = when(point["time"]) if (point["value"] or 0) >= bad else None
        if begin:
            return begin
    lines = [line for line in seen["logs"] if line["level"] != "WARN"] or seen["logs"]
    # Only what is said now counts: an older trouble of the same hour has other words.
    same = [when(line["time"]) for line in lines if gist(line["message"]) == gist(lines[-1]["message"])]
    return min((time for time in same if time), default=None)


def gist(message):
    """Return a message without what differs from line to line."""
    return re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", "#", message)


def last_release(seen):
    """Return the deployment that brought the running release and the release before it, or None.

    `fits`: the trouble began soon after it, or it did not come up at all. After a repair, what the repair deployed and
    what was blamed before is passed over.
    """
    events = [
        event
        for event in seen["deployments"]
        if event["kind"] in ("deploy", "config") and event["release"] not in seen["blamed"]
    ]
    if seen["since"]:
        events = [event for event in events if (when(event["at"]) or seen["since"]) < seen["started"]]
    while len(events) > 1 and events[1]["release"] == events[0]["release"]:
        events = events[1:]  # deployed again: the first time counts
    brought = events[0] if events and (seen["since"] or events[0]["release"] == seen["row"].get("release")) else None
    older = [event["release"] for event in events[1:]]
    if brought is None or not older or brought["release"] in older:
        return None  # nothing was there before, or it ran before: a return to what was good
    began, deployed = onset(seen), when(brought["at"])
    gap = (began - deployed).total_seconds() if began and deployed else None
    failed = str(brought.get("outcome") or "").startswith("failed")
    return {"release": brought["release"], "before": older[0], "earlier": older[1:2], "by": brought.get("by"), "at": brought["at"], "gap": gap,
            "fits": failed or (gap is not None and -60 <= gap <= AFTER_RELEASE_SECONDS)}  # fmt: skip


def what_changed(service, last):
    """Return the changed settings {key: (before, after)}, the changed code files and all files of a release.

    A setting that only went back to what it was one release earlier was a repair, and is left out.
    """
    before, after = last["before"], last["release"]
    old, new = system.config(service, ref=before), system.config(service, ref=after)
    settings = {
        key: (old["values"].get(key), new["values"].get(key))
        for key in sorted({*old["values"], *new["values"]})
        if old["values"].get(key) != new["values"].get(key)
    }
    for ref in last["earlier"] if settings else ():
        good = system.config(service, ref=ref)["values"]
        settings = {key: pair for key, pair in settings.items() if good.get(key) != pair[1]}
    files = system.git_diff(before, after, service=service)["files"]
    code = [
        file for file in files if file["path"] != new.get("path") and not file["path"].lower().endswith((".md", ".txt"))
    ]
    return settings, code, files


def names_of(text):
    """Return the words of a dotted, camelCase or snake_case name that are long enough to mean something."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text) if len(word) >= 4]


def speaks_of(key, value, seen):
    """Whether the evidence points at a setting: log lines name it, its new value, or a symptom of its kind; or it is a time and all is slow."""
    text = seen["text"]
    if is_slow(seen) and re.search(r"_ms$|seconds|delay|latency|round.?trip|wait|interval|sleep", key, re.IGNORECASE):
        return True
    last = key.rsplit(".", 1)[-1]
    if (
        key.lower() in text.lower()
        or last.lower() in text.lower()
        or all(word in text.lower() for word in names_of(last) or ["\x00"])
    ):
        return True
    if value is not None and len(str(value)) >= 4 and str(value).lower() in text.lower():
        return True
    return any(kind.search(key) and trouble.search(text) for kind, trouble in SYMPTOMS)


def frames_in(text):
    """Return the file names that stack traces name: `Foo.java:12`, `File "a/b.py", line 3`, `at x (c.js:1:2)`."""
    return {PurePosixPath(path).name for path in re.findall(r"([\w./-]+\.[A-Za-z]{1,6})(?:\"?, line |:)\d+", text)}


def quoted_lines(seen, pattern, limit):
    """Return the newest log lines that fit, as evidence."""
    fitting = [
        line
        for line in seen["logs"]
        if line["level"] in ("ERROR", "FATAL", "WARN")
        and pattern.search(f"{line['message']} {line.get('stack') or ''}")
    ]
    fitting.sort(key=lambda line: (line["level"] != "WARN", str(line["time"])))
    return [
        t(
            f"log {clock(line['time'])}: “{shortened(line['message'])}”",
            f"日志 {clock(line['time'])}:“{shortened(line['message'])}”",
        )
        for line in fitting[-limit:]
    ]


def key_like(said, keys):
    """Return the setting that a person means by a name or a few words, or None when none or several fit."""
    if said in keys:
        return said
    words = [word.lower() for word in re.findall(r"[A-Za-z]+|\d+", said)]
    plain = {key: re.sub(r"[^a-z0-9]", "", key.lower()) for key in keys}
    fitting = [key for key in keys if plain[key] == "".join(words)] or [
        key for key in keys if all(word in plain[key] for word in words)
    ]
    return fitting[0] if len(fitting) == 1 else None
