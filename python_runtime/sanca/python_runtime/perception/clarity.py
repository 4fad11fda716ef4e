"""Whether a goal can be formed from a message, and what to ask when not: one question, with what may be answered.

A message is unclear when it names nothing to do, or when what it is about can be told neither from its words nor from
history, page or session. A parameter that the doer would ask for anyway makes no message unclear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sanca.python_runtime.perception.classifier import Guess
from sanca.python_runtime.perception.data import DataFound
from sanca.python_runtime.perception.intents import Intent
from sanca.python_runtime.perception.pointers import Pointer
from sanca.python_runtime.perception.references import Resolved
from sanca.python_runtime.perception.surroundings import Named, Surroundings
from sanca.python_runtime.perception.vocabulary import Vocabulary

_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_'-]*")
_LITERAL = re.compile(r"[\"`“「{\[]|https?://|/\w|\w_\w|\w\.[a-z]{2,5}\b|\d[\d.,]*\s*[-+*/%×÷^]|\d{4}")
_ALL = re.compile(
    r"\b(?:all|every|everything|each|both|whole|entire|fleet|any|anything|everyone|nobody|users|customers)\b"
    r"|所有|全部|每个|整个|都|任何|大家|各个|全体|一切|系统",
    re.IGNORECASE,
)
_BROAD = frozenset([
    "errors", "logs", "metrics", "latency", "traffic", "memory", "error_rate", "disk", "deployments",
    "release", "incident",
    "everything", "port", "dependency", "left", "pool",
])  # fmt: skip
"""Concepts that a question may be about without saying of what: of everything there is."""
_SETTINGS = re.compile(
    r"\b(?:timeout|pool|size|log|level|cache|retry|retries|rate|limit|heap|connections?|workers?|ttl|replicas?"
    r"|threads?|debug|info|"
    r"warn|trace|seconds?|ms|mb|gb|default|value|latest|newest|logging|memory|max|min|maximum|minimum|number|count)\b"
    r"|ports?|process|flag|jobs?|container|instances?|nodes?|pods?|space|bit|half|two|three|dump|cores?|cpu|queue|secs?"
    r"|端口|进程|开关|任务|一?倍|点|大|小|高|低|一半|超时|时间|连接池|连接|大小|日志|级别|缓存|重试|次数|限流"
    r"|阈值|最大|最小|内存|线程|线程数|副本|秒|毫秒"
    r"|默认|最新|实例|台",
    re.IGNORECASE,
)
_TOOL_WORDS = re.compile(
    r"\b(?:tool|skill|function|command|shortcut|bot|helper|automation|script|reminder|remind|alert|notify"
    r"|schedule|scheduled|job|watch|"
    r"monitor|every|day|daily|weekly|hour|hourly|week|morning|build|create|write|develop|add|set|reusable)\b"
    r"|小?工具|技能|脚本|提醒|通知|告警|定时任务?|监控|每天|每周|每小时|天|早上|晚上|做|写|建|创建|加|自动|技能",
    re.IGNORECASE,
)
_WHY_ONLY = re.compile(
    r"^\W*(?:but |and |so |ok )?(?:why|how come|what happened|what caused|reason|cause|the reason|root cause"
    r"|为什么|为啥|怎么回事|咋回事|原因呢?|什么原因|啥原因)"
    r"(?: (?:is|was|did|does|it|that|this|though|so|then))*\W*(?:啊|呢|导致的)?\W*$",
    re.IGNORECASE,
)
_NEEDS_BEGUN = re.compile(
    r"\b(?:do (?!not\b)|undo|revert|continue|go (?:on|ahead)|carry on|ahead|redo|repeat|again|resume|proceed"
    r"|next|roll back|retry|more$)"
    r"|撤销|撤回|撤消|继续|接着|再来|重来|重试|还原|恢复|往下|下一步",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\b(?:morning|noon|afternoon|evening|night|week|weekend|month|sprint|shift|worked|works|place|spot)\b"
    r"|[今昨每]?[早晚]|[中上下]?午|夜里?|[上下]?周末?|[上下]?月",
    re.IGNORECASE,
)
"""Words that say when or where again, and so nothing about what."""
_URGENCY = re.compile(
    r"\b(?:(?:the|my|our) )?(?:boss|clients?|customers?|users?|ceo|cto|manager|management|team|people|everyone)"
    r"(?: is| are|'s)?(?: already| still| all)? (?:waiting|asking|on the (?:line|phone)|getting nervous)\b"
    r"|(?:客户|老板|领导|用户|大家|甲方|上面|同事)们?(?:都|还|正|已经)*在?(?:等着?|催)[着呢了我们]*|在线等|抓紧|急用|[挺很]急的?",
    re.IGNORECASE,
)
"""Who waits for it: no part of what is wanted."""
_CUT_OFF = re.compile(
    r"(?:\b(?:the|an?|my|your|our|because|whether)|(?:帮我把|关于|因为|如果|以及))[\s.…。]*$", re.IGNORECASE
)
_AS_BEFORE = re.compile(
    r"\b(?:same|like|as)\b[\w' ]*\b(?:last|before|usual|yesterday|always|earlier|previous|other day)\b"
    r"|(?:上次|上周|上个?月|昨天|前天|之前|以前)(?:一样|那样)|还是(?:之前|上次|昨天|上周)的",
    re.IGNORECASE,
)
_SAID_ELSEWHERE = re.compile(
    r"\b(?:told|mentioned to|said to|asked|wrote to|talked to|spoke to) you\b"
    r"|\b(?:we|he|she|they) (?:discussed|agreed|talked about|mentioned)\b(?! (?:about|in|on)\b)"
    r"|[跟和对给]你(?:说|讲|提|交代|聊)过?的|[让叫要]你(?:做|弄|办|处理|查|看)的",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    r"\b(?:restart|reboot|stop|start|shut|kill|disable|enable|deploy|scale|drain|turn (?:\S+ )?(?:off|on))\b"
    r"|重启|停掉|停止|关掉|关闭|启动|部署|发布|禁用|启用|扩容|缩容|上线|下线",
    re.IGNORECASE,
)
"""What is done to a thing that runs, and never to a number."""
_ELSEWHERE_WORDS = 4
_DANGLING_CONTENT = 3
_LONG_WORDS = 25
_FEW_WORDS = 1
_SURE, _FAINT = 0.7, 0.2
_NO_WORD = re.compile(r"\W*\d*\W*|([^\W\d哈呵嘿])\1{2,}\W*")
"""A mere number, or one letter again and again that is no laughter."""


@dataclass(frozen=True)
class Content:
    """What is left of a message without names, pointing words, and words that name nothing by themselves."""

    words: tuple[str, ...]
    deeds: tuple[str, ...]
    is_long: bool
    has_literal: bool
    says_all: bool
    is_strange: bool = False
    """Nothing but words that nobody knows."""

    @property
    def size(self) -> int:
        """How many words that name something; two Chinese characters count as one."""
        return sum(max(1, len(word) // 2) if _HAN.match(word) else 1 for word in self.words)

    @property
    def telling(self) -> list[str]:
        """The words that tell more than when it was."""
        return _beyond(self, _WHEN)


def content_of(
    text: str,
    pointers: Sequence[Pointer],
    names: Sequence[str],
    vocabulary: Vocabulary,
    is_word: Callable[[str], bool] = lambda _: True,
) -> Content:
    """Take a message apart into what it names besides pointing words and known names."""
    rest = _URGENCY.sub(lambda hit: " " * len(hit.group()), text)
    says_all = _ALL.search(rest) is not None
    for pointer in sorted(pointers, key=lambda one: -one.start):
        rest = f"{rest[: pointer.start]} {rest[pointer.end :]}"
    for name in names:
        rest = re.sub(re.escape(name), " ", rest, flags=re.IGNORECASE)
    words: list[str] = []
    deeds: list[str] = []
    for word in _WORD.findall(_HAN.sub(" ", rest)):
        plain = word.lower().removesuffix("'s")
        if plain in vocabulary.deeds_english or plain.removesuffix("s") in vocabulary.deeds_english:
            deeds.append(plain)
        elif plain not in vocabulary.nothing_english:
            words.append(plain)
    for run in _HAN.findall(rest):
        left = _without(run, vocabulary.deeds_chinese, deeds)
        words += [part for part in _without(left, vocabulary.nothing_chinese, []).split() if part]
    size = len(_WORD.findall(text)) + sum(len(run) for run in _HAN.findall(text)) // 2
    return Content(
        words=tuple(words),
        deeds=tuple(deeds),
        is_long=size > _LONG_WORDS,
        has_literal=_LITERAL.search(rest) is not None,
        says_all=says_all,
        is_strange=bool(words) and not any(map(is_word, _WORD.findall(text))) and not _HAN.search(text),
    )


def _without(run: str, forms: Sequence[str], taken: list[str]) -> str:
    for form in forms:
        if form in run:
            run = run.replace(form, " ")
            taken.append(form)
    return run


@dataclass(frozen=True)
class Clue:
    """Everything that clarity is judged by."""

    text: str
    guess: Guess
    content: Content
    named: Named
    concepts: frozenset[str]
    resolved: Resolved
    data: DataFound
    around: Surroundings
    has_topic: bool
    implied: str = ""
    """What page or history are about, when the message itself names nothing."""
    earlier: Intent | None = None
    """What was wanted last in this session."""

    @property
    def has_target(self) -> bool:
        """Whether it names or points at something there is."""
        found = bool(self.named.service or self.resolved.references or self.data.references or self.implied)
        return found or self.content.has_literal or self.content.says_all


def lacks(clue: Clue, intent: Intent) -> str:
    """Return what the message lacks: nothing (empty), `deed`, `target`, `data`, or `choice` (it could be several)."""
    if clue.content.is_long:
        return ""
    if _is_open_choice(clue, intent):
        return "choice"
    if intent is Intent.UNCLEAR or _is_noise(clue) or _is_about_elsewhere(clue):
        return "deed"
    if intent in (Intent.TALK, Intent.CONTROL):
        return "deed" if _says_too_little(clue, intent) else ""
    if _dangles(clue):
        return "data" if intent is Intent.ANALYSE_DATA else "target"
    return _LACKS[intent](clue, intent) if intent in _LACKS else ""


def _is_noise(clue: Clue) -> bool:
    """Letters that are no words, a mere number, or a few words that speak for nothing in particular."""
    if clue.has_target or clue.has_topic:
        return False
    is_faint = clue.guess.confidence < _FAINT and clue.content.size <= _FEW_WORDS
    return clue.content.is_strange or _NO_WORD.fullmatch(clue.text) is not None or is_faint


def _is_about_elsewhere(clue: Clue) -> bool:
    """A sentence that was cut off, or that goes back to what was never said here: "same as last week"."""
    if clue.has_target or clue.has_topic or clue.around.page is not None:
        return False
    if _CUT_OFF.search(clue.text) or _AS_BEFORE.search(clue.text):
        return len(clue.content.telling) <= _FEW_WORDS and not clue.concepts & _BROAD
    return _SAID_ELSEWHERE.search(clue.text) is not None and clue.content.size <= _ELSEWHERE_WORDS


def _is_open_choice(clue: Clue, intent: Intent) -> bool:
    if clue.data.ambiguous and intent is Intent.ANALYSE_DATA:
        return True
    about_things = intent not in (Intent.TALK, Intent.CONTROL, Intent.WRITE)
    return about_things and bool(clue.resolved.ambiguous) and not clue.named.service


def _says_too_little(clue: Clue, intent: Intent) -> bool:
    """Small talk that points at nothing, or steering of what nobody has begun: "undo that", "go ahead and do it"."""
    if clue.has_topic or clue.around.page is not None:
        return False
    if intent is Intent.CONTROL and _NEEDS_BEGUN.search(clue.text):
        return True
    unsure = clue.guess.confidence < _SURE
    return unsure and (bool(clue.resolved.dangling) or (intent is Intent.CONTROL and not clue.content.words))


def _state_lacks(clue: Clue, intent: Intent) -> str:
    if intent is Intent.FIND_CAUSE and _WHY_ONLY.match(clue.text) and not (clue.has_topic or clue.implied):
        return "target"
    if clue.content.telling or clue.has_target or clue.has_topic or _is_broad(clue):
        return ""
    return "target"


def _effect_lacks(clue: Clue, intent: Intent) -> str:
    return "" if _effect_has_target(clue, intent) else "target"


def _tool_lacks(clue: Clue, _: Intent) -> str:
    if clue.has_target or clue.has_topic or _beyond(clue.content, _TOOL_WORDS):
        return ""
    return "deed" if not set(clue.content.deeds) - {"remind", "notify", "提醒", "通知"} else ""


def _text_lacks(clue: Clue, _: Intent) -> str:
    return "" if clue.content.words or clue.has_target or clue.has_topic else "deed"


_LACKS: dict[Intent, Callable[[Clue, Intent], str]] = {
    Intent.ASK_STATE: _state_lacks,
    Intent.FIND_CAUSE: _state_lacks,
    Intent.CHANGE: _effect_lacks,
    Intent.FIX: _effect_lacks,
    Intent.MAKE_TOOL: _tool_lacks,
    Intent.WRITE: _text_lacks,
}


def _dangles(clue: Clue) -> bool:
    """Whether a pointing word points at nothing, and the rest does not say enough without it."""
    if not clue.resolved.dangling or clue.named.service or clue.data.references or clue.content.has_literal:
        return False
    return clue.content.size <= _DANGLING_CONTENT


def _effect_has_target(clue: Clue, intent: Intent) -> bool:
    """A service, whatever else has a name of its own, or what page and history are about."""
    if _operates_on_number(clue):
        return False
    if clue.named.service or clue.implied or clue.content.says_all or clue.resolved.references or clue.data.references:
        return True
    if clue.named.process or clue.named.port:
        return True
    if clue.content.has_literal:
        return True
    if intent is Intent.CHANGE and len(clue.around.entities.get("service", ())) > 1:
        return bool(_beyond(clue.content, _SETTINGS))
    return bool(clue.content.words)


def _operates_on_number(clue: Clue) -> bool:
    """Whether "turn it off" could only mean what was computed before."""
    if clue.earlier is not Intent.ANALYSE_DATA or clue.named.service or clue.implied or clue.data.references:
        return False
    if clue.content.telling or clue.content.has_literal or clue.content.says_all:
        return False
    return _OPERATION.search(clue.text) is not None


def _is_broad(clue: Clue) -> bool:
    """Whether a question is about everything: "status", "any errors", "what's wrong", 有问题吗."""
    return bool(clue.concepts & _BROAD) or bool(
        re.search(
            r"\bwhat(?:'s| is) (?:wrong|up|broken|going on|the status)\b|\bstatus\b|有(?:什么|没有)?(?:问题"
            r"|异常|故障)|状态|情况|\bhow (?:was|were|did) (?:the |last |this )?(?:night|morning|week|weekend)\b"
            r"|(?:今天|今早|昨天|昨晚|夜里|周末|早上|晚上)\S{0,2}(?:怎么样|如何|顺利|安静)",
            clue.text,
            re.IGNORECASE,
        )
    )


def _beyond(content: Content, usual: re.Pattern[str]) -> list[str]:
    return [word for word in content.words if usual.sub("", word).strip()]
