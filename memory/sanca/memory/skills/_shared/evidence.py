# ruff: noqa: F821, E501, ANN001, ANN201, ANN202, ANN204 - names come from the runtime; sentences keep one line; actions are plain Python
"""Gathers the evidence about a service: calls, logs, metrics, disk, ports, and what in it is a symptom. Names no cause."""

import re
import time
from datetime import timedelta

FULL_DISK = 0.95
HIGH_ERROR_RATE = 0.05
SLOW_MS = 1000.0
ODD_MS, TELLING_MS, TIMES_USUAL = 250.0, 500.0, 8
"""From where on a call is odd, and from where on it is telling when it takes so many times the usual."""
QUIET_SECONDS = 10
"""So long nothing may have been logged for a trouble to be over."""
LINGERING_SECONDS = 60
"""So long rates may still show what a repair ended."""
FRESH_SECONDS = 120
"""So long a release counts as fresh: its trouble may not have shown yet, so it is called more often."""
USUAL_CALLS, FRESH_CALLS, CALLS_AT_ONCE = 9, 25, 8

WRITE_TROUBLE = re.compile(
    r"no space|disk.{0,12}full|quota|enospc|cannot write|can't write|write failed|磁盘", re.IGNORECASE
)
POOL_TROUBLE = re.compile(
    r"\bpool\b|connection (?:is not available|became free)|no (?:free|idle) connection", re.IGNORECASE
)
PORT_TROUBLE = re.compile(
    r"address already in use|port.{0,30}in use|bindexception|failed to bind|eaddrinuse", re.IGNORECASE
)
TIME_TROUBLE = re.compile(r"time[d ]?-?out|deadline|too slow|took longer|did not answer|within \d+ ?ms", re.IGNORECASE)
LOCK_TROUBLE = re.compile(r"\block(?:ed|s)?\b", re.IGNORECASE)


class Seen(dict):
    """What is known of one service in one pass; the dearer evidence is gathered when it is first asked for."""

    def __missing__(self, key):
        """Gather what was not asked for yet."""
        self[key] = value = GATHERED[key](self)
        return value


def probed(seen):
    """Call the service, more often when its release is fresh; None when it is down."""
    if seen["row"]["status"] == "down":
        return None
    return called(seen["name"], FRESH_CALLS if is_fresh(seen) else USUAL_CALLS)


def log_lines(seen):
    """Return the warnings and errors that count now: those since it was repaired, if it was."""
    lines = asked(lambda: system.logs(seen["name"], level="WARN", since_minutes=60, limit=200), [])
    since = seen["since"] or seen["settled"]
    return [line for line in lines if not since or (when(line["time"]) or since) > since]


GATHERED = {
    "health": lambda seen: system.health(seen["name"]),
    "probe": probed,
    "logs": log_lines,
    "text": lambda seen: "\n".join(f"{line['message']} {line.get('stack') or ''}" for line in seen["logs"]),
    "metrics": lambda seen: asked(lambda: system.metrics(seen["name"], since_minutes=60), {}),
    "deployments": lambda seen: asked(lambda: system.deployments(seen["name"], limit=20), []),
    "disk": lambda seen: asked(lambda: system.disk_usage(seen["name"]), {}),
    "over": lambda seen: is_over(seen),
    "release": lambda seen: last_release(seen),
    "changed": lambda seen: what_changed(seen["name"], seen["release"]),
}


def asked(question, otherwise):
    """Return the answer of a tool, or what stands for no answer: one tool that fails does not end a diagnosis."""
    try:
        return question()
    except ToolDeniedError:
        raise
    except ToolError as error:
        say(t(f"(no answer: {error})", f"（没有回答：{error}）"))
        return otherwise


def called(service, count):
    """Really call a service: once at first, so that a sick one does not take all the time, then the rest in bunches."""
    probe = probe_once(service, 1)
    if is_bad(probe):
        return (
            probe if max(probe["latencies_ms"], default=SLOW_MS) >= SLOW_MS else joined(probe, probe_once(service, 4))
        )
    while probe["requests"] < count and not is_bad(probe):
        probe = joined(probe, probe_once(service, min(CALLS_AT_ONCE, count - probe["requests"])))
    if is_odd(probe):
        time.sleep(0.4)  # a rush is over then; what holds calls up, and let some pass in between, is not
        later = probe_once(service, 4)
        probe = {**joined(probe, later), "latencies_ms": later["latencies_ms"]}
    return probe


def probe_once(service, count):
    """Call a service some times at once."""
    silent = t("no answer in time", "未及时应答")
    return asked(
        lambda: system.probe(service, count=count),
        {"requests": count, "failed": count, "latencies_ms": [], "sample_error": silent},
    )


def joined(one, other):
    """Return two probes as one."""
    return {
        "requests": one["requests"] + other["requests"],
        "failed": one["failed"] + other["failed"],
        "latencies_ms": [*one["latencies_ms"], *other["latencies_ms"]],
        "sample_error": one.get("sample_error") or other.get("sample_error"),
    }


def calls_words(probe):
    """Return how many of the calls succeeded or failed."""
    made, failed = probe["requests"], probe["failed"]
    if not failed:
        return t(f"{made} of {made} test calls succeeded", f"{made} 次测试请求全部成功")
    some = f"{made} 次测试请求{('全部' if made > 1 else '') + '失败' if failed == made else f'中有 {failed} 次失败'}"
    return t(f"{failed} of {made} test calls failed", some)


def is_bad(probe):
    """Whether calls failed or were slow."""
    return bool(probe["failed"]) or typical(probe) >= SLOW_MS


def is_odd(probe):
    """Whether calls took longer than they should, but not so long that it says all."""
    return not is_bad(probe) and max(probe["latencies_ms"], default=0.0) >= ODD_MS


def typical(probe):
    """Return what a call took, in ms: nearly the longest, for one alone may be chance."""
    taken = sorted((probe or {}).get("latencies_ms") or [0.0])
    return taken[-2] if len(taken) > 2 else taken[-1]


class Looked(dict):
    """What was seen of each service in one pass; looks when asked the first time."""

    def __init__(self, rows, repaired_at=None, blamed=(), known=None):
        """Take the rows of `services()`, when which service was repaired, the (service, release) blamed before, what was measured just now."""
        super().__init__()
        self.rows, self.repaired_at, self.blamed, self.known = rows, repaired_at or {}, blamed, known or {}
        self._ports = None

    def look_at(self, name):
        """Return what is seen of a service."""
        if name not in self:
            self[name] = Seen(
                name=name,
                row=dict(self.rows[name]),
                since=self.repaired_at.get(name),
                settled=None,
                blamed={release for service, release in self.blamed if service == name},
                **self.known.get(name, {}),
            )
            self[name]["settled"] = self._settled(name)
        return self[name]

    def look_longer(self, name):
        """Call a service again that looked well: a lock or a rush lets some calls pass."""
        seen = self.look_at(name)
        for _ in range(3):
            if seen["probe"] is None or is_bad(seen["probe"]) or symptoms(seen):
                break
            time.sleep(0.4)
            seen["probe"] = joined(seen["probe"], probe_once(name, 1))
        return seen

    def port_of(self, name):
        """Return who listens on a service's port."""
        if self._ports is None:
            self._ports = asked(system.ports, [])
        return next((entry for entry in self._ports if entry["service"] == name), None)

    def _settled(self, name):
        """Return when somebody last restarted or repaired a service or one below it, if rates may still show what was before."""
        events = [event for each in reach_down(name, self.rows) for event in self.look_at(each)["deployments"][:3]]
        times = [when(event["at"]) for event in events if event["kind"] in ("rollback", "config", "restart")]
        newest = max((at for at in times if at), default=None)
        return newest if newest and datetime.now(UTC) - newest < timedelta(seconds=LINGERING_SECONDS) else None


def reach_down(service, rows):
    """Return a service and all it depends on, over any number of steps, the deepest first."""
    found = []

    def visit(name, path):
        for below in rows[name].get("depends_on") or []:
            if below in rows and below not in path:
                visit(below, (*path, below))
        if name not in found:
            found.append(name)

    visit(service, (service,))
    return found


def callers_of(service, rows):
    """Return a service and all that depend on it, over any number of steps."""
    found = {service}
    while more := {name for name, row in rows.items() if found & set(row.get("depends_on") or [])} - found:
        found |= more
    return found


def is_over(seen):
    """Whether what rates and checks still show has passed: fresh calls succeed, and nothing more is logged."""
    if seen["probe"] is None or is_bad(seen["probe"]) or seen["row"]["status"] == "down":
        return False
    if (seen["health"].get("http_status") or 0) >= 500:
        return False
    newest = max((time for line in seen["logs"] if (time := when(line["time"]))), default=None)
    quiet = newest is None or datetime.now(UTC) - newest > timedelta(seconds=QUIET_SECONDS)
    return bool(seen["since"] or seen["settled"] or quiet)


def last_value(seen, name):
    """Return the highest of the newest values of a metric, or None: a gauge may just have been low."""
    values = [point["value"] for point in (seen["metrics"].get(name) or [])[-3:] if point["value"] is not None]
    return max(values, default=None)


def usual_latency(seen):
    """Return the p95 of quiet times: the lower quartile of the last hour, without times of errors: they are quick."""
    bad = {
        point["time"] for point in seen["metrics"].get("error_rate") or [] if (point["value"] or 0) >= HIGH_ERROR_RATE
    }
    points = seen["metrics"].get("latency_p95_ms") or []
    values = sorted(
        point["value"] for point in points if 0 < (point["value"] or 0) < SLOW_MS and point["time"] not in bad
    )
    return values[len(values) // 4] if values else 0.0


def latency(seen):
    """Return what the service takes now, in ms: the worse of what it reports and what real calls took."""
    row = seen["row"].get("latency_p95_ms") or 0.0
    return max(typical(seen["probe"]), 0.0 if row >= ODD_MS and seen["over"] else row)


def is_slow(seen):
    """Whether it is slow by any measure, or much slower than it used to be."""
    now = latency(seen)
    return now >= SLOW_MS or (now >= TELLING_MS and 0 < TIMES_USUAL * usual_latency(seen) <= now)


def symptoms(seen):
    """Return what is visibly wrong with a service, as sentences; empty when it is well."""
    row, probe = seen["row"], seen["probe"]
    if row["status"] == "down":
        why = shortened(plain_error(seen["health"].get("message") or ""))
        return [t(f"it is down: {why}", f"已停止运行：{why}")]
    found = rate_symptoms(row) if (row.get("error_rate") or 0) >= HIGH_ERROR_RATE and not seen["over"] else []
    if probe and probe["failed"]:
        found.append(calls_words(probe))
    found += disk_symptoms(seen)
    if is_slow(seen):
        usual = usual_latency(seen)
        found.append(
            t(
                f"slow: {latency(seen):.0f} ms" + (f" (usually {usual:.0f} ms)" if usual else ""),
                f"响应慢：{latency(seen):.0f} ms" + (f"（平时 {usual:.0f} ms）" if usual else ""),
            )
        )
    return found or check_symptoms(seen)


def rate_symptoms(row):
    """Return what a service's own numbers say, without asking it anything."""
    rate = row.get("error_rate") or 0
    if rate < HIGH_ERROR_RATE:
        return []
    return [t(f"{percent(rate)} of its requests fail", f"{percent(rate)} 的请求失败")]


def disk_symptoms(seen):
    """Return whether the disk quota is used up."""
    quota, used = seen["disk"].get("quota_bytes") or 0, seen["disk"].get("used_bytes") or 0
    if not quota or used < FULL_DISK * quota:
        return []
    return [t(f"{percent(used / quota)} of its disk quota used", f"磁盘配额已用 {percent(used / quota)}")]


def check_symptoms(seen):
    """Return the health checks that fail, when nothing else shows."""
    if seen["row"]["status"] == "up" or seen["over"]:
        return []
    failing = {
        name: plain_error(check.get("message") or "")
        for name, check in (seen["health"].get("checks") or {}).items()
        if not check.get("ok", True)
    }
    found = [t(f"health check {name} fails: {why}", f"健康检查 {name} 未通过：{why}") for name, why in failing.items()]
    status = seen["row"]["status"]
    return found or [t(f"status {status}", f"状态 {status}")]


def quoted_lines(seen, pattern, limit):
    """Return the newest log lines that fit, errors before warnings, as evidence."""
    fitting = [line for line in seen["logs"] if pattern.search(f"{line['message']} {line.get('stack') or ''}")]
    fitting.sort(key=lambda line: (line["level"] != "WARN", str(line["time"])))
    return [quoted(line) for line in fitting[-limit:]]


def quoted(line):
    """Return a log line as evidence."""
    words = plain_error(line["message"])
    return t(f"log {clock_only(line['time'])}: “{words}”", f"日志 {clock_only(line['time'])}：“{words}”")


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
