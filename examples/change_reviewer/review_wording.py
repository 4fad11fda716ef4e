"""How a review is told, in English and Chinese."""

from __future__ import annotations

import re
from typing import Literal

from review_rules import Finding

Language = Literal["en", "zh"]

_TEXTS: dict[str, tuple[str, str]] = {
    "timeout_lowered": (
        "the time-out falls from {before} to {after}, more than five times",
        "超时从 {before} 降到 {after}，超过五倍",
    ),
    "timeout_off": ("the time-out {before} is switched off ({after})", "超时 {before} 被关闭（{after}）"),
    "pool_tiny": ("only {after} left of {before}: requests will queue", "从 {before} 降到只剩 {after}：请求会排队"),
    "limit_zero": ("the limit {before} becomes 0: nothing is let through", "上限 {before} 变为 0：什么都通不过"),
    "delay_raised": ("rises from {before} to {after}, ten times or more", "从 {before} 升到 {after}，十倍以上"),
    "port_changed": (
        "the port changes from {before} to {after}; is it free, and do its callers know?",
        "端口从 {before} 改为 {after}；是否空闲，调用方是否知道？",
    ),
    "host_changed": (
        "the address changes from {before} to {after}; can it be reached from there?",
        "地址从 {before} 改为 {after}；从那里可以访问吗？",
    ),
    "guard_off": ("a protection is switched off ({before} → {after})", "一项保护被关闭（{before} → {after}）"),
    "log_level": ("log level {after} fills disks in production", "日志级别 {after} 会在生产环境占满磁盘"),
    "not_a_number": (
        "was a number ({before}) and is none now ({after})",
        "原来是数字（{before}），现在不是（{after}）",
    ),
    "setting_removed": (
        "the setting is removed (was {before}); is the default meant?",
        "设置被删除（原为 {before}）；是否有意使用默认值？",
    ),
    "secret": (
        "looks like a secret in the change; take it out and replace it where it is used",
        "变更中疑似含有密钥；请移除并更换",
    ),
    "handling_removed": ("error handling is removed: {before}", "错误处理被删除：{before}"),
    "error_swallowed": ("an error is swallowed without a word", "错误被悄悄吞掉"),
    "dangerous_call": ("dangerous: {after}", "危险调用：{after}"),
    "sleep_added": ("a sleep is added: {after}…)", "新增休眠：{after}…)"),
    "tests_removed": ("checks fall from {before} to {after}", "测试断言从 {before} 减少到 {after}"),
    "binary": ("a binary file cannot be reviewed", "二进制文件无法审查"),
    "big_change": (
        "{after} changed lines are too many to review well; split it",
        "改动 {after} 行，难以仔细审查；请拆分",
    ),
}
_LEVELS = {"high": ("high", "高"), "medium": ("medium", "中"), "low": ("low", "低")}
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SHOWN_CHARS = 80


def language_of(text: str) -> Language:
    """Tell the language of a message."""
    return "zh" if _CHINESE.search(text) else "en"


def sentence(finding: Finding, language: Language) -> str:
    """Return a finding as a sentence."""
    text = _TEXTS[finding.rule][language == "zh"]
    return text.format(before=finding.before[:_SHOWN_CHARS], after=finding.after[:_SHOWN_CHARS])


def report(findings: list[Finding], level: str, language: Language) -> str:
    """Return the whole review in Markdown."""
    word = _LEVELS[level][language == "zh"]
    if language == "zh":
        head = f"**风险：{word}**。" + (f"发现 {len(findings)} 处需要注意：" if findings else "按规则没有发现问题。")
    else:
        head = f"**Risk: {word}.** " + (f"{len(findings)} to look at:" if findings else "The rules found nothing.")
    lines = [f"- [{_LEVELS[one.level][language == 'zh']}] `{one.where}`: {sentence(one, language)}" for one in findings]
    return "\n".join([head, *([""] if lines else []), *lines])


def question(language: Language) -> str:
    """Ask for something to review."""
    if language == "zh":
        return '请发送 unified diff，或数据 {"changes": [{"key", "before", "after"}]}。'
    return 'Send a unified diff, or data {"changes": [{"key", "before", "after"}]}.'
