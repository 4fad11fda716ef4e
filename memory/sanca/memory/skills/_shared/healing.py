# ruff: noqa: F821, E501, ANN001, ANN201, ANN202, ANN204 - names come from the runtime; sentences keep one line; actions are plain Python
"""Finds and repairs cause by cause, the deepest first, until all is well or nothing new is found. The telling is in telling.py."""

MOST_REPAIRS = 6


class Healing:
    """One diagnosis with its repairs: what was seen at first, what was done about it, and what is seen at the end."""

    def __init__(self, wanted=None):
        """Take the service that was asked about; None: all."""
        self.wanted = wanted
        self.parts, self.outcomes, self.first = [], [], {}
        self.repaired_at, self.blamed, self.known = {}, set(), {}
        self.rows, self.looked = {}, Looked({})

    def run(self):
        """Look, repair the deepest cause, look again."""
        while True:
            self.rows = {row["name"]: row for row in system.services()}
            self.looked = Looked(self.rows, self.repaired_at, self.blamed, self.known)
            cause = self._next_cause()
            if cause is None or len(self.outcomes) == MOST_REPAIRS:
                return self
            if not self.outcomes:
                self.first = overview(self.rows, self.looked)
                show_overview(self.rows, self.first)
            self._repair(cause)

    def scope(self):
        """Return the services the question is about, the deepest first: the one that was named and all it depends on."""
        starts = [self.wanted] if self.wanted else list(self.rows)
        return list(dict.fromkeys(name for start in starts for name in reach_down(start, self.rows)))

    def sick(self):
        """Return the symptoms that are left of all services that were looked at."""
        told = [name for name in list(self.looked) if name not in self.left()]
        return {name: found for name in told if (found := symptoms(self.looked[name]))}

    def left(self):
        """Return the services that suffer from a cause whose repair was refused: calling them again says nothing new."""
        refused = [cause["service"] for cause, state in self.outcomes if state == "refused"]
        return {name for service in refused for name in callers_of(service, self.rows)}

    def _next_cause(self):
        """Return the deepest cause that was not tried yet: what only suffers from it may be well afterwards."""
        tried = {key_of(cause) for cause, _ in self.outcomes}
        scope = self.scope()
        around = [name for name in callers_of(self.wanted, self.rows) if name not in scope] if self.wanted else []
        for name in scope:
            cause = self._cause_of(name)
            if cause and key_of(cause) not in tried:
                return cause
        for name in around if not self.left() and not self.sick() else ():
            if self.rows[name]["status"] != "up" and symptoms(self.looked.look_at(name)):
                cause = find_cause(name, self.rows, self.looked)
                if cause and key_of(cause) not in tried:
                    return cause
        return None

    def _cause_of(self, name):
        """Return the cause of a service's trouble; of one that waits for a refused repair only what no call has to show."""
        seen = self.looked.look_at(name)
        if name in self.left():
            return disk_cause(seen) or (port_cause(seen, self.looked) if seen["row"]["status"] == "down" else None)
        return find_cause(name, self.rows, self.looked) if symptoms(seen) else None

    def _repair(self, cause):
        """Show a cause, repair it, measure, and remember what came of it."""
        service = cause["service"]
        steps = steps_for(cause)
        show_cause(cause, self.looked.look_at(service), [words for words, _ in steps])
        slow_before = latency(self.looked[service]) if cause["kind"] == "slow_dependency" else None
        before = self.looked[service]["probe"]
        done, refused, failed = carry_out(steps)
        self.known, measured = {}, ""
        if refused or failed:
            state = "refused" if refused else "failed"
        else:
            well, now = measure(service, slow_before)
            state, measured = "repaired" if well else "failed", measured_words(now["probe"], before)
            self.known = {service: now}
        if state != "refused":
            own = [event["release"] for event in system.deployments(service, limit=1) if event["kind"] == "config"]
            self.blamed |= {(service, release) for release in (cause.get("release"), *own)}
            self.repaired_at.update(dict.fromkeys(callers_of(service, self.rows), datetime.now(UTC)))
        self.outcomes.append((cause, state))
        left = [words for words, _ in steps[len(done) :]] if refused or failed else []
        way = way_to(self.wanted, service, self.rows)
        self.parts.append(part_of(cause, way, done, refused or failed, left) + measured_part(measured, state))


def key_of(cause):
    """Return what makes two causes the same."""
    return cause["kind"], cause["service"], cause.get("release")


def way_to(wanted, service, rows):
    """Return the shortest way of symptoms from the service that was asked about, or one that nobody calls, down to the cause."""
    called_ones = {below for row in rows.values() for below in row.get("depends_on") or []}
    starts = [wanted] if wanted else [name for name in rows if name not in called_ones]
    edge = [[start] for start in starts]
    seen = set(starts)
    while edge:
        path = edge.pop(0)
        if path[-1] == service:
            return path
        for below in rows[path[-1]].get("depends_on") or []:
            if below in rows and below not in seen:
                seen.add(below)
                edge.append([*path, below])
    return [service]


def overview(rows, looked):
    """Return the symptoms of all services: of those looked at what was seen, of the others what they report themselves."""
    found = {}
    for name, row in rows.items():
        if name in looked:
            found[name] = symptoms(looked[name])
        else:
            slow = (row.get("latency_p95_ms") or 0) >= SLOW_MS
            late = (
                [t(f"slow: {row['latency_p95_ms']:.0f} ms", f"响应慢：{row['latency_p95_ms']:.0f} ms")] if slow else []
            )
            found[name] = [*rate_symptoms(row), *late] or (
                [] if row["status"] == "up" else [status_word(row["status"])]
            )
    return {name: lines for name, lines in found.items() if lines}
