# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Relates a trouble to releases: when it began, what was released before it, what that changed, and whether it fits."""

from pathlib import PurePosixPath

AFTER_RELEASE_SECONDS = 300

SYMPTOMS = (
    (re.compile(r"time|deadline|latency|delay", re.IGNORECASE), TIME_TROUBLE),
    (re.compile(r"pool|connection", re.IGNORECASE), POOL_TROUBLE),
    (re.compile(r"url|host|port|endpoint|address|upstream|path", re.IGNORECASE),
     re.compile(r"refused|unknown host|unreachable|cannot be reached|connect|resolve|404|not found", re.IGNORECASE)),
    (re.compile(r"credential|key|token|secret|auth|password|user", re.IGNORECASE),
     re.compile(r"\b40[13]\b|unauthori|forbidden|denied|credential|\bkey\b", re.IGNORECASE)),
    (re.compile(r"limit|max|min|size|threshold|quota", re.IGNORECASE),
     re.compile(r"limit|exceed|reject|too (?:many|large|small|big)|more than|overflow", re.IGNORECASE)),
)  # fmt: skip


def onset(seen):
    """Return when the present trouble began: the first point of the last bad stretch, or the first error."""
    for name, bad in (
        ("error_rate", HIGH_ERROR_RATE),
        ("latency_p95_ms", min(SLOW_MS, max(TELLING_MS, TIMES_USUAL * usual_latency(seen)))),
    ):
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


def newest_change(seen):
    """Return the deployment that brought the running release and the releases before it; None when it is the first, or ran before.

    After a repair, what the repair deployed and what was blamed before (both are in `blamed`) is passed over.
    """
    events = [
        event
        for event in seen["deployments"]
        if event["kind"] in ("deploy", "config") and event["release"] not in seen["blamed"]
    ]
    while len(events) > 1 and events[1]["release"] == events[0]["release"]:
        events = events[1:]  # deployed again: the first time counts
    brought = events[0] if events and (seen["since"] or events[0]["release"] == seen["row"].get("release")) else None
    older = [event["release"] for event in events[1:]]
    return (brought, older) if brought and older and brought["release"] not in older else None


def is_fresh(seen):
    """Whether its release is so new that its trouble may not have shown yet."""
    change = newest_change(seen)
    at = when(change[0]["at"]) if change else None
    return bool(at) and datetime.now(UTC) - at < timedelta(seconds=FRESH_SECONDS)


def last_release(seen):
    """Return the release that runs and the one before it, or None; `fits`: the trouble began soon after it, or it did not come up."""
    change = newest_change(seen)
    if change is None:
        return None
    brought, older = change
    # What no metric and no line shows yet began just now.
    began, deployed = onset(seen) or datetime.now(UTC), when(brought["at"])
    gap = (began - deployed).total_seconds() if began and deployed else None
    failed = str(brought.get("outcome") or "").startswith("failed")
    return {"release": brought["release"], "before": older[0], "earlier": older[1:2], "by": brought.get("by"), "at": brought["at"], "gap": gap,
            "message": brought.get("message") or "", "fits": failed or (gap is not None and -60 <= gap <= AFTER_RELEASE_SECONDS)}  # fmt: skip


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
