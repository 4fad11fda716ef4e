"""The words by which documents state what may be compared: attributes, values, environments. Knows no sentence."""

from __future__ import annotations

import re
from itertools import chain

from sanca.memory.text import CJK, normalise, stem

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "port": ("port", "ports", "端口", "端口号"),
    "version": ("version", "release", "版本", "版本号"),
    "owner": (
        "owner", "owners", "owned by", "owning team", "maintainer", "responsible", "team", "负责人", "负责团队",
        "所有者",
    ),
    "limit": ("limit", "maximum", "max", "上限", "限制", "最大值"),
    "minimum": ("minimum", "min", "下限", "最小值"),
    "timeout": ("timeout", "time limit", "超时", "超时时间"),
    "replicas": ("replicas", "replica count", "instances", "副本", "副本数", "实例数"),
    "memory": ("memory", "heap", "内存", "堆内存"),
    "retention": ("retention", "kept for", "保留期", "保留时间", "保留天数"),
    "threshold": ("threshold", "阈值"),
    "interval": ("interval", "period", "间隔", "周期"),
    "address": ("url", "address", "endpoint", "host", "hostname", "地址", "主机"),
    "window": ("maintenance window", "维护窗口"),
    "on-call": ("on-call", "on call", "oncall", "escalation", "escalates to", "值班", "值班人", "升级联系人"),
    "database": ("database", "数据库"),
    "language": ("written in",),
    "size": ("size", "大小"),
    "count": ("count", "数量", "个数"),
    "capacity": ("capacity", "容量"),
    "quota": ("quota", "配额"),
    "lifetime": ("ttl", "lifetime", "有效期"),
    "delay": ("delay", "延迟"),
    "rate": ("rate", "速率"),
    "concurrency": ("concurrency", "并发", "并发数"),
    "retries": ("retries", "retry count", "重试次数"),
    "budget": ("budget", "预算"),
}  # fmt: skip
"""Names of what is compared, each with the words for it; what stands first is what is shown."""
WORDY = frozenset({"owner", "address", "window", "on-call", "database"})
"""Attributes whose value needs no number in it."""
_CANONICAL = {word: name for name, words in ATTRIBUTES.items() for word in words}
GENERIC = frozenset(
    [
        "a",
        "an",
        "and",
        "the",
        "of",
        "for",
        "in",
        "on",
        "our",
        "my",
        "this",
        "that",
        "its",
        "service",
        "services",
        "application",
        "applications",
        "app",
        "apps",
        "component",
        "components",
        "system",
        "systems",
        "runbook",
        "runbooks",
        "playbook",
        "guide",
        "handbook",
        "manual",
        "overview",
        "settings",
        "setting",
        "configuration",
        "config",
        "configs",
        "values",
        "value",
        "table",
        "list",
        "readme",
        "index",
        "main",
        "src",
        "resources",
        "docs",
        "doc",
        "documentation",
        "default",
        "defaults",
        "general",
        "summary",
        "details",
        "info",
        "information",
        "reference",
        "spec",
        "metadata",
        "data",
        "env",
        "environment",
        "properties",
        "deploy",
        "team",
        "server",
        "http",
        "container",
        "project",
        "spring",
        "服务",
        "系统",
        "应用",
        "配置",
        "手册",
        "预案",
        "说明",
        "文档",
        "概述",
        "概览",
        "总览",
        "设置",
        "参数",
        "信息",
        "的",
    ]
)
"""Words that name no thing."""
_ENVIRONMENTS = {
    "prod": "prod", "production": "prod", "live": "prod", "生产": "prod", "生产环境": "prod", "线上": "prod",
    "staging": "staging", "stage": "staging", "preprod": "staging", "预发": "staging",
    "test": "test", "testing": "test", "qa": "test", "测试": "test", "测试环境": "test",
    "dev": "dev", "development": "dev", "local": "dev", "开发": "dev", "开发环境": "dev",
}  # fmt: skip
_UNITS = {
    "ms": ("s", 0.001), "millisecond": ("s", 0.001), "毫秒": ("s", 0.001),
    "s": ("s", 1), "sec": ("s", 1), "second": ("s", 1), "秒": ("s", 1),
    "m": ("s", 60), "min": ("s", 60), "minute": ("s", 60), "分钟": ("s", 60), "分": ("s", 60),
    "h": ("s", 3600), "hour": ("s", 3600), "小时": ("s", 3600),
    "d": ("s", 86_400), "day": ("s", 86_400), "天": ("s", 86_400), "日": ("s", 86_400),
    "week": ("s", 604_800), "周": ("s", 604_800),
    "kb": ("b", 1e3), "kib": ("b", 1024), "k": ("b", 1024), "mb": ("b", 1e6), "mib": ("b", 1024**2),
    "gb": ("b", 1e9), "gib": ("b", 1024**3), "g": ("b", 1024**3), "%": ("%", 1), "percent": ("%", 1),
}  # fmt: skip
_NUMBER = re.compile(
    r"^[~≈约]?\s*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*([a-z%]+|[\u4e00-\u9fff]{1,2})?(?![\w.])"
)
_VERSION = re.compile(r"^v?(\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?)(?![\w])")
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[\u4e00-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VALUE_CHARS = 60
_SWITCHES = frozenset({"true", "false", "on", "off", "yes", "no", "none", "unlimited", "enabled", "disabled", "无限"})


def attribute_of(words: str) -> str:
    """Return the name of the attribute that words are; empty when they are none."""
    return _CANONICAL.get(words.strip().lower(), "")


def split_attribute(phrase: str) -> tuple[str, str]:
    """Return what stands before an attribute in which a phrase ends, and the attribute; two empty texts: in none."""
    words = _CAMEL.sub(" ", phrase).replace("_", " ").replace(".", " ").strip().lower()
    for known, name in _BY_LENGTH:
        if words == known:
            return "", name
        begins_apart = bool(CJK.match(known)) or words[: -len(known)].endswith((" ", "-"))
        if words.endswith(known) and begins_apart:
            return words[: -len(known)].strip(" -的"), name
    return "", ""


_BY_LENGTH = sorted(_CANONICAL.items(), key=lambda pair: -len(pair[0]))


def things_in(text: str) -> frozenset[str]:
    """Return the words of a text that name something, stemmed; an environment is `env:prod`."""
    found = set()
    words = _WORD.findall(_CAMEL.sub(" ", normalise(text)).lower().replace("_", " ").replace(".", " "))
    for word in chain.from_iterable(map(_parts_of, words)):
        if CJK.match(word):
            found |= _chinese_things(word)
        elif word in _ENVIRONMENTS:
            found.add(f"env:{_ENVIRONMENTS[word]}")
        elif word not in GENERIC and stem(word) not in GENERIC:
            found.add(stem(word))
    return frozenset(found)


def _parts_of(word: str) -> list[str]:
    """Return `application-staging` in two words, and `pool-size` as the one it is."""
    parts = word.split("-")
    return parts if any(part in GENERIC or part in _ENVIRONMENTS for part in parts) else [word]


def _chinese_things(words: str) -> set[str]:
    found = set()
    for name in sorted(_ENVIRONMENTS, key=len, reverse=True):
        if CJK.match(name) and name in words:
            found.add(f"env:{_ENVIRONMENTS[name]}")
            words = words.replace(name, "")
    for generic in sorted(GENERIC, key=len, reverse=True):
        if CJK.match(generic):
            words = words.replace(generic, "")
    return found | ({words} if words else set())


def normal_value(attribute: str, value: str) -> str:
    """Return a value in the form in which two are compared; empty when it is none that can be compared."""
    text = normalise(value).strip().strip("`*_\"'").strip().rstrip(".,;。，；").lower()
    if not text or len(text) > _VALUE_CHARS:
        return ""
    if attribute == "version" and (found := _VERSION.match(text)):
        return found[1]
    if found := _NUMBER.match(text):
        number = float(found[1].replace(",", ""))
        unit, factor = _UNITS.get(stem(found[2] or "") if found[2] not in _UNITS else found[2], ("", 1))
        return f"{number * factor:.10g}{unit}"
    if text in _SWITCHES:
        return text
    if attribute in WORDY or not attribute:
        return " ".join(word for word in re.split(r"[\s@`*\"']+", text) if word not in GENERIC)
    return ""
