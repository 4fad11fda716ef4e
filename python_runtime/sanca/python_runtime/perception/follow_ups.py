"""Short messages that live on what was said before: "and orders?", "same for payments", "yes, do it", 那订单呢."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sanca.python_runtime.perception.clarity import Clue, Content
from sanca.python_runtime.perception.intents import Intent
from sanca.python_runtime.perception.pointers import Pointer
from sanca.python_runtime.perception.surroundings import Named

_LEAD = re.compile(
    r"^\W*(?:and|what about|how about|and what about|same(?: thing| again)?(?: for| with| on| goes for)?|also"
    r"|then|likewise|ditto|now|or"
    r"|那么?|还有|换成|再看看?|以及|同样|那就)(?![a-z])",
    re.IGNORECASE,
)
_BARE = re.compile(r"^\W*(?:呢|too|as well|也|also|\?|？|please|pls)*\W*$", re.IGNORECASE)
_OFFER = re.compile(
    r"(?:\b(?:shall|should|may|can|do you want|want me|would you like|proceed|continue|go on|ok to"
    r"|confirm)\b[^?？.]*[?？]|[要需][^?？。]{0,20}[吗么][?？]?|是否[^。]*|要不要[^。]*|可以[^。]{0,12}吗[?？]?)\s*$",
    re.IGNORECASE,
)
_ACCEPT = re.compile(
    r"^\W*(?:yes|yep|yeah|sure|ok|okay|please|pls|do|go|ahead|it|that|so|the|thing|then|right|fine|with|just"
    r"|both|all|of|them|thanks|approved|confirmed|agreed"
    r"|是的?|好的?|行|可以|嗯|对|同意|做吧|来吧|弄吧|吧|执行|就这样|要|需要|没问题|,|，|\s|!|！|\.|。)+\W*$",
    re.IGNORECASE,
)
_REPAIRS = frozenset([
    "fix", "repair", "mend", "solve", "resolve", "heal", "handle", "sort", "deal", "recover", "restore",
    "修", "修一下", "修好", "修复", "恢复", "解决", "处理", "搞定", "弄好",
])  # fmt: skip
_LOOKS = frozenset(
    ["check", "look", "see", "show", "tell", "view", "看", "看看", "看下", "看一下", "查", "查看", "查一下"]
)
_SURE = 0.6
_LIKELY = 0.15
_MUCH = 2


def accepts_offer(clue: Clue) -> bool:
    """Whether the last answer ended with an offer, and this message only says yes to it."""
    last = clue.around.history[-1] if clue.around.history else None
    if last is None or last.role != "assistant" or not _ACCEPT.match(clue.text):
        return False
    return _OFFER.search(last.content[-200:]) is not None


def is_follow_up(text: str, content: Content, named: Named, pointers: Sequence[Pointer]) -> bool:
    """Whether a message only puts another name into the one before."""
    if not (named.service or named.release) or content.words or content.deeds or pointers:
        return False
    rest = text
    for name in (*named.service, *named.release):
        rest = re.sub(re.escape(name), "", rest, flags=re.IGNORECASE)
    return _LEAD.match(text) is not None or _BARE.match(rest) is not None


def earlier_with(earlier: str, named: Named, before: Named) -> str:
    """Return the earlier message with the new service in place of its own; empty when it has not exactly one."""
    if len(set(before.service)) != 1 or len(set(named.service)) != 1:
        return ""
    old, new = before.service[0], named.service[0]
    made = re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, earlier, flags=re.IGNORECASE)
    return made if made != earlier else ""


def settle_vague(clue: Clue) -> tuple[Intent, float]:
    """Return the intent of a message whose words alone say nothing."""
    pointed = clue.resolved.references or clue.resolved.ambiguous
    shares = sorted(((share, intent) for intent, share in clue.guess.shares.items()), reverse=True)
    second, likely = shares[1][1], shares[1][0]
    if pointed or (clue.implied and clue.content.deeds) or clue.named.service:
        deeds = set(clue.content.deeds)
        if deeds & _REPAIRS:
            return Intent.FIX, _SURE
        if deeds & _LOOKS:
            return Intent.ASK_STATE, _SURE
        if clue.earlier and not clue.content.words and not deeds:
            return clue.earlier, _SURE
        if likely >= _LIKELY:
            return second, likely
    telling = clue.content.telling
    names_much = len(telling) >= _MUCH or clue.guess.confidence < _SURE
    if telling and names_much and not clue.content.is_strange:
        return second, likely
    return Intent.UNCLEAR, clue.guess.confidence
