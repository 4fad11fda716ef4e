# ruff: noqa: E501 - the values are easier to compare with one on a line
"""What actions give, for `observation.py`: code that binds `v`, and what somebody would ask of it. Measures nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A realistic value, error or output."""

    name: str
    code: str
    shown: tuple[str, ...] = ()
    """Expressions of texts that stand in the data: names, first and last entries."""
    derived: tuple[str, ...] = ()
    """Expressions of texts that one would have to compute: counts, extremes."""
    kind: str = "value"
    """value, error (the code raises) or output (the code prints)."""


_START = """
import datetime, random
rng = random.Random(7)
at = lambda minutes: (datetime.datetime(2026, 11, 21, 9) + datetime.timedelta(minutes=minutes)).isoformat() + "Z"
names = ["storefront", "checkout", "payment", "inventory", "search", "mail"]
"""
_LOGS = """
v = [{"time": at(i / 10), "level": "ERROR" if i % 60 == 17 else "INFO", "logger": "dev.shop.checkout.OrderService",
      "message": f"order {1000 + i} placed in {20 + i * 7 % 400} ms", "trace_id": f"{rng.getrandbits(64):016x}", "stack": None}
     for i in range(@N@)]
"""
_STACKS = """
stack = "java.sql.SQLTransientConnectionException: pool is exhausted (7 of 7 in use)\\n" + "\\n".join(
    f"\\tat dev.shop.orders.Step{n}.run(Step{n}.java:{30 + n})" for n in range(25))
v = [{"time": at(i), "level": "ERROR", "logger": "dev.shop.checkout.Pool", "message": f"no connection after {300 + i} ms",
      "trace_id": f"{rng.getrandbits(64):016x}", "stack": stack} for i in range(80)]
"""
_SERVICES = """
v = [{"name": name, "status": "degraded" if name == "checkout" else "up", "release": f"v1.{n}.0", "pid": 4000 + n,
      "port": 18081 + n, "depends_on": names[:n][-2:], "uptime_seconds": 3600.5 + n, "error_rate": 0.01 * n,
      "latency_p95_ms": 12.5 * (n + 1)} for n, name in enumerate(names)]
"""
_METRICS = """
v = {name: [{"time": at(i), "value": round(base + rng.random() * base / 9 + (i > 200) * base, 3)} for i in range(@N@)]
     for name, base in [("requests_per_second", 40.0), ("error_rate", 0.02), ("latency_p95_ms", 80.0), ("pool_in_use", 5.0)]}
"""
_COMMITS = """
v = [{"commit": f"{rng.getrandbits(160):040x}", "author": names[i % 6] + "@shop.example", "date": at(-i * 300),
      "message": f"Tune the pool of {names[i % 6]}, step {i}",
      "files": [f"{names[i % 6]}/src/main/java/File{n}.java" for n in range(1 + i % 4)]} for i in range(60)]
"""
_CONFIG = """
v = {"service": "checkout", "path": "checkout/config.toml", "release": "v1.2.0", "values": {
    f"{part}.{name}": value for part in ("pool", "http", "cache", "retry", "queue", "mail", "tax", "log")
    for name, value in {"size": 7, "timeout_ms": 300, "enabled": True, "url": f"http://127.0.0.1/{part}", "ratio": 0.25}.items()}}
"""
_CLUSTER = """
v = {"kind": "List", "items": [{"kind": "Deployment", "metadata": {"name": name, "labels": {"app": name, "tier": "shop"}},
      "spec": {"replicas": n + 1, "template": {"containers": [{"name": name, "image": f"shop/{name}:1.{n}",
      "env": [{"name": f"VAR_{k}", "value": "x" * 30} for k in range(12)], "resources": {"cpu": "500m", "memory": "256Mi"}}]}},
      "status": {"ready": n, "conditions": [{"type": "Available", "status": "True", "reason": "MinimumReplicas"}] * 3}}
     for n, name in enumerate(names)]}
"""
_ORDERS = """
v = [{"id": 7000 + i, "customer": {"name": f"Customer {i}", "city": names[i % 6]}, "total": round(19.9 + i * 1.1, 2),
      "items": [{"sku": f"SKU-{i}-{k}", "count": k + 1, "price": 9.95} for k in range(4)]} for i in range(150)]
"""
_TEXT = """
v = "# Runbook: slow checkout\\n" + "\\n".join(
    f"## Step {n}\\nLook at the pool of service {names[n % 6]} and compare it with the last release. " * 6 for n in range(40))
v += "\\nIn doubt call the duty officer."
"""
_FRAME = """
import numpy as np, pandas as pd
gen = np.random.default_rng(3)
v = pd.DataFrame({"time": pd.date_range("2026-11-01", periods=10_000, freq="min"), "service": gen.choice(names, 10_000),
    "status": gen.choice([200, 200, 200, 404, 500], 10_000), "ms": gen.gamma(2.0, 40.0, 10_000).round(2),
    "bytes": gen.integers(100, 90_000, 10_000), "user": [f"user-{n}" for n in gen.integers(0, 400, 10_000)]})
v.loc[5:9, "ms"] = None
"""

CASES = (
    Case("logs", _LOGS.replace("@N@", "600"), ("v[0]['message']", "v[-1]['message']", "v[0]['trace_id']", "'logger'", "v[0]['logger']"),
         ("f'{len(v)}'", "f\"ERROR {sum(r['level'] == 'ERROR' for r in v)}\"", "v[-1]['time']")),
    Case("logs few", _LOGS.replace("@N@", "15"), ("v[7]['message']", "v[14]['trace_id']", "v[3]['time']", "'stack'")),
    Case("logs with stacks", _STACKS, ("v[0]['message']", "'SQLTransientConnectionException'", "v[-1]['message']", "'stack'"), ("'80'",)),
    Case("services", _SERVICES, ("'degraded'", "'v1.5.0'", "'18083'", "'4004'", "'inventory'", "'75'")),
    Case("metrics hour", _METRICS.replace("@N@", "60"), ("'latency_p95_ms'", "at(0)", "at(59)"),
         ("f\"{max(p['value'] for p in v['error_rate']):.6g}\"", "f\"{min(p['value'] for p in v['pool_in_use']):.6g}\"", "'60'")),
    Case("metrics four hours", _METRICS.replace("@N@", "240"), ("'requests_per_second'", "at(0)", "at(239)"),
         ("f\"{max(p['value'] for p in v['latency_p95_ms']):.6g}\"", "f\"{v['pool_in_use'][-1]['value']:.6g}\"", "'240'")),
    Case("commits", _COMMITS, ("v[0]['commit']", "v[0]['message']", "v[-1]['message']", "'files'", "v[0]['date']"), ("'60'",)),
    Case("config", _CONFIG, ("'pool.size'", "'v1.2.0'", "'checkout/config.toml'", "'pool.timeout_ms'", "'log.ratio'"), ("'40'",)),
    Case("cluster", _CLUSTER, ("'Deployment'", "'storefront'", "'mail'", "'items'"), ("'6'",)),
    Case("orders", _ORDERS, ("'SKU-0-0'", "'Customer 0'", "'Customer 149'", "'7149'", "'customer'"), ("'150'", "f\"{max(o['total'] for o in v):.6g}\"")),
    Case("disk", "v = {'service': 'mail', 'quota_bytes': 50_000_000, 'used_bytes': 49_990_000, 'entries': [{'path': f'spool/part-{n:04}.eml', 'bytes': 30_000 + n, 'modified': at(n)} for n in range(400)]}",
         ("'quota_bytes'", "'49990000'", "'spool/part-0000.eml'"), ("'400'", "'30399'")),
    Case("ports", "v = [{'port': 18081 + n, 'service': names[n % 6], 'expected_pid': 400 + n, 'pid': 400 + n + (n == 4), 'process': 'java', 'conflict': n == 4} for n in range(6)]",
         ("'18085'", "'405'", "'conflict'", "'True'", "'java'")),
    Case("runbook", _TEXT, ("'# Runbook: slow checkout'", "'## Step 0'", "'In doubt call the duty officer.'")),
    Case("log file", "v = '\\n'.join(f'{at(n)} INFO order {n} placed' for n in range(9000)) + '\\nFATAL the disk is full'",
         ("'order 0 placed'", "'FATAL the disk is full'")),
    Case("frame", _FRAME, ("'service'", "'bytes'", "str(v.ms[0])", "v.user[0]", "v.user.iloc[-1]"),
         ("'10,000'", "f'{v.ms.max():.6g}'", "'5 missing'", "'float64'", "f'{v.bytes.min():.6g}'")),
    Case("frame grouped", _FRAME + "v = v.groupby('service').agg(ms=('ms', 'mean'), calls=('ms', 'size')).reset_index()",
         ("'checkout'", "'storefront'", "'calls'", "str(v.calls[0])", "f'{v.ms[5]:.6g}'"), ("'6'",)),
    Case("frame wide", "import numpy as np, pandas as pd\nv = pd.DataFrame(np.arange(200 * 50).reshape(200, 50), columns=[f'sensor_{n}' for n in range(50)])",
         ("'sensor_0'", "'sensor_9'", "'9950'"), ("'200'", "'50'", "'int64'")),
    Case("frame by time", _FRAME + "v = v.pivot_table(index=v.time.dt.floor('h'), columns='service', values='ms', aggfunc='mean')",
         ("'2026-11-01'", "'inventory'", "'payment'"), ("f'{len(v):,}'", "f\"{v['mail'].max():.6g}\"")),
    Case("series", _FRAME + "v = v.ms", ("'ms'", "f'{v[0]:.6g}'", "f'{v.iloc[-1]:.6g}'"), ("'10,000'", "f'{v.max():.6g}'", "'5 missing'")),
    Case("counts", _FRAME + "v = v.service.value_counts()", ("str(v.iloc[0])", "v.index[0]", "v.index[-1]", "str(v.iloc[-1])")),
    Case("array", "import numpy as np\nv = np.random.default_rng(1).normal(size=(1000, 50))", ("'float64'",),
         ("'1,000 × 50'", "f'{v.max():.6g}'", "f'{v.min():.6g}'")),
    Case("array with gaps", "import numpy as np\nv = np.arange(10_000, dtype=float); v[::100] = np.nan", ("'9999'",), ("'100 NaN'", "'10,000'", "f'{np.nanmean(v):.6g}'")),
    Case("numbers", "v = [round(rng.random() * 900, 3) for _ in range(10_000)]", ("str(v[0])[:6]", "str(v[-1])[:6]"), ("'10,000'", "f'{max(v):.6g}'", "f'{min(v):.6g}'")),
    Case("paths", "v = [f'/srv/{names[n % 6]}/releases/v1.{n}/conf/app-{n}.toml' for n in range(3000)]", ("v[0]", "v[-1]", "v[5]"), ("'3,000'",)),
    Case("ids", "v = {f'{rng.getrandbits(64):016x}' for _ in range(900)}", ("next(iter(v))",), ("'900'",)),
    Case("counters", "v = {f'user-{n}': n * 37 % 991 for n in range(2000)}", ("'user-0'", "'user-1999'", "'user-5'"), ("'2,000'", "str(max(v.values()))")),
    Case("dataclasses", "import dataclasses\n@dataclasses.dataclass\nclass Probe:\n    service: str\n    ms: float\n    ok: bool\nv = [Probe(names[n % 6], n * 1.5, n % 9 > 0) for n in range(120)]",
         ("'storefront'", "'178.5'", "'ok=False'", "'Probe'"), ("'120'",)),
    Case("model", "import pydantic\nclass Item(pydantic.BaseModel):\n    sku: str\n    count: int\nclass Order(pydantic.BaseModel):\n    id: int\n    items: list[Item]\n    note: str\nv = Order(id=77, items=[Item(sku=f'S{n}', count=n) for n in range(200)], note='deliver to the back door ' * 40)",
         ("'id: 77'", "'S0'", "'deliver to the back door'"), ("'200'", "'1,000'")),
    Case("bytes", "v = b'\\x89PNG' + bytes(range(256)) * 40", ("'PNG'",), ("'10,244'",)),
    Case("key error", "def share(row):\n    total = row['total']\n    return row['part'] / row['sum']\n\nrows = [{'total': 4, 'part': 1}]\nresult = [share(row) for row in rows]",
         ("\"KeyError: 'sum'\"", "\"row['part'] / row['sum']\"", "'line 3'", "'line 6'"), kind="error"),
    Case("library error", _FRAME + "def by_day(frame):\n    return frame.groupby('day').ms.mean()\nprint(by_day(v))",
         ("\"KeyError: 'day'\"", "\"frame.groupby('day').ms.mean()\"", "'print(by_day(v))'"), kind="error"),
    Case("wrong text", "import json\ntext = '{\"a\": 1,}'\ndef load(text):\n    return json.loads(text)\nvalue = load(text)",
         ("'JSONDecodeError'", "'return json.loads(text)'", "'line 5'"), kind="error"),
    Case("chained error", "def read(path):\n    try:\n        return open(path).read()\n    except OSError as error:\n        raise RuntimeError(f'no settings at {path}') from error\nread('/nowhere/settings.toml')",
         ("'RuntimeError: no settings at /nowhere/settings.toml'", "'FileNotFoundError'", "'direct cause'", "'line 6'"), kind="error"),
    Case("printed lines", "for n in range(3000): print(f'{at(n)} checked {names[n % 6]}: {n * 7 % 100} ms')",
         ("'checked storefront: 0 ms'", "'checked mail: 93 ms'"), kind="output"),
)  # fmt: skip


def code_of(case: Case) -> str:
    """Return the whole code of a case."""
    return f"{_START}\n{case.code}" if re.search(r"\b(?:at\(|rng\b|names\b)", case.code) else case.code
