"""Words of claims in English and Chinese: what was done, what was not, what was read. Data and patterns; no judgement."""

# ruff: noqa: E501 - data: one kind of words a line, however many there are

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@lru_cache(maxsize=8_192)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern that is put together of words, compiled once: `re` itself keeps too few of them."""
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True)
class Doing:
    """A kind of effect, by the words that claim it, ask for it, and name tools for it."""

    name: str
    claimed: str
    """English past forms, a pattern."""
    asked: str
    """English imperatives, a pattern."""
    chinese: str
    tools: frozenset[str]
    """Parts of tools' names."""
    is_strict: bool = False
    """Whether only such a tool can have done it, also when no tool of that kind is known."""
    is_generic: bool = False
    """Whether any effect can be meant by it."""


def _doing(name: str, claimed: str, asked: str, chinese: str, tools: str, *, kind: str = "") -> Doing:
    named = frozenset(tools.split())
    return Doing(name, claimed, asked, chinese, named, is_strict=kind == "strict", is_generic=kind == "generic")


DOINGS: tuple[Doing, ...] = (
    _doing("restart", "restarted|rebooted|bounced|relaunched", "restart|reboot|bounce|relaunch", "重启|重新启动", "restart reboot relaunch"),
    _doing("roll back", "roll(?:ed|ing) (?:\\S+ )?back|reverted", "roll (?:\\S+ )?back|rollback|revert", "回滚|回退", "rollback revert deploy undo restore"),
    _doing("deploy", "deployed|shipped|rolled (?:\\S+ )?out|promoted|upgraded", "deploy|ship|roll out|promote|upgrade", "部署|上线|升级", "deploy release promote upgrade rollback"),
    _doing("delete", "deleted|removed|cleared|cleaned(?: up)?|purged|erased|freed", "delete|remove|clear|clean(?: up)?|purge|erase|free", "删除|删掉|清理|移除|清空|释放|删了", "delete remove clear clean purge erase free drop prune discard"),
    _doing("stop", "stopped|killed|terminated|shut down", "stop|kill|terminate|shut down", "停止|停掉|终止|关闭|杀掉|结束进程", "stop kill terminate shutdown end"),
    _doing("send", "sent|e-?mailed|mailed|notified|informed|messaged|texted|pinged|alerted|forwarded|replied|told|contacted|wrote to|written to|reached out|let (?:\\S+ ){1,3}know|passed (?:\\S+ ){0,3}on|gave \\S+ a heads-up", "send|e-?mail|mail|notify|message|text|ping|alert|forward|reply|tell|inform|contact|write to|reach out|let (?:\\S+ ){1,3}know|give \\S+ (?:a )?heads-up|drop \\S+ a (?:line|note|message)", "发送|发出|发给|发了|发过|发邮件|发消息|通知|转发|转告|告诉|告知|知会|抄送|群发|联系", "send mail email notify post message sms alert forward reply publish say share", kind="strict"),
    _doing("book", "booked|reserved|ordered|bought|purchased", "book|reserve|order|buy|purchase", "预订|预约|下单|购买", "book reserve order buy purchase create place schedule"),
    _doing("cancel", "cancell?ed|revoked|withdrew|withdrawn", "cancel|revoke|withdraw", "取消|撤销", "cancel revoke withdraw delete remove abort"),
    _doing("pay", "paid|refunded|charged|transferred|credited", "pay|refund|charge|transfer|credit", "支付|付款|退款|转账", "pay refund charge transfer credit return send process"),
    _doing("install", "installed", "install", "安装", "install add setup"),
    _doing("disable", "disabled|deactivated|locked|blocked|banned", "disable|deactivate|lock|block|ban", "禁用|停用|锁定|封禁", "disable deactivate lock block ban set update change toggle"),
    _doing("enable", "enabled|activated|unlocked|unblocked|granted", "enable|activate|unlock|unblock|grant", "启用|激活|解锁|授权", "enable activate unlock unblock grant set update change toggle"),
    _doing("create", "created|added|opened|registered|inserted|scheduled|filed|submitted|uploaded|invited", "create|add|open|register|insert|schedule|file|submit|upload|invite", "创建|新建|添加|登记|提交|上传|邀请", "create add open register insert make new schedule submit upload invite book file append push write put"),
    _doing("change", "changed|set|updated|modified|adjusted|configured|increased|raised|decreased|reduced|lowered|switched|edited|swapped|exchanged|replaced|moved|renamed|enlarged|extended|expanded|bumped|shortened|doubled|halved|trimmed|tuned|boosted|widened|shrunk|tweaked|altered|turned (?:\\S+ ){0,3}(?:up|down|on|off)|toggled|capped|assigned", "change|set|update|modify|adjust|configure|increase|raise|decrease|reduce|lower|switch|edit|swap|exchange|replace|move|rename|enlarge|extend|expand|bump|shorten|double|halve|trim|tune|boost|widen|shrink|tweak|alter|turn (?:\\S+ ){0,3}(?:up|down|on|off)|toggle|cap|assign", "修改|更改|改成|改为|改到|设置|设为|设成|调整|更新|调大|调小|调到|提高|降低|切换|替换|改了|改好|改回|扩大|扩容|缩容|缩短|缩小|延长|增大|减小|增加到|减少到|增至|减至|降至|升至|开到|拨到|调高|调低|调成|调为|加到", "change set update modify configure edit adjust patch put", kind="generic"),
    _doing("put right", "fixed|repaired|resolved|solved|mended|restored|recovered|applied|completed|executed|performed|carried out|taken care of", "fix|repair|resolve|solve|mend|restore|apply|get (?:\\S+ )?(?:going|running|working|back)|bring (?:\\S+ )?(?:back|up)|heal|recover|rescue", "修复|解决|恢复|处理好|处理完|办好|搞定|修好|已完成|执行完|(?:为|给|将|把|帮)(?![^，。；\\n]{0,12}(?:查|看|读|析|整理|总结|列|算|比较|明|释|翻译|写|准备|生成|汇总|统计|归纳|找))[^，。；\\n]{2,20}", "", kind="generic"),
)  # fmt: skip
"""What an agent may have done to the world. The words of a toolkit's own tools come besides (`doings_of`)."""

_IRREGULAR = {
    "dig": "dug", "send": "sent", "write": "wrote|written", "put": "put", "set": "set", "buy": "bought", "sell": "sold",
    "make": "made", "pay": "paid", "give": "gave|given", "take": "took|taken", "build": "built", "run": "ran",
    "feed": "fed", "cut": "cut", "shut": "shut", "hold": "held", "draw": "drew|drawn", "grow": "grew|grown",
    "drive": "drove|driven", "fly": "flew|flown", "read": "read", "lend": "lent", "spend": "spent", "begin": "began",
}  # fmt: skip

ADMITS = re.compile(
    r"den(?:y|ied)|refus|reject|declin|fail|\bunknown\b|unclear|cancel|unable|unsuccessful|\bnobody\b|no one\b|\bstill\b"
    r"|n[o']t (?:\w+ )?(?:done|change|approv|allow|execut|able|possible|restart|succe|know|sure|certain|clear|work|go )"
    r"|\b(?:could|can|did|was|were|is|has|have|does|do|am|are|would) ?(?:not|n't)|\bcannot\b|no longer|without (?:approval|success)"
    r"|\bnot (?:\w+ed|been|yet|\w+en)\b|\bnothing (?:was|has been|is) |\bno (?:\w+ )?(?:change|call|action|effect)s? "
    r"|said no|say no|may or may not|stopped with|\brefus|only (?:one|part|half|some|\w+ (?:was|were|has|could))"
    r"|拒绝|失败|未批准|没有|没能|未能|未执行|取消|不允许|不能|无法|不确定|未知|不清楚|尚未|仍|被拒|否决|没成功|不成功|未成功|未完成|未(?:被)?\w{1,2}",
    re.IGNORECASE,
)
"""A text, or a part of it, says that something was not done."""

TO_COME = re.compile(r"\b(?:will|would|if|whenever|from now on)\b|(?:就|将)会|如果|一旦|今后", re.IGNORECASE)
"""Speaks of what will or may come: "calls above 5 s will be cancelled" admits nothing."""

NO_MORE = re.compile(r"\bno longer\b|\bnot any ?more\b|n't (?:\w+ ){0,3}any ?more\b|(?:不能|无法|不)再", re.IGNORECASE)
"""Says what an effect has ended: "kim can no longer log in"."""

DRAFT = re.compile(
    r"\b(?:write|draft|compose|phrase|word)\b[^.!?\n]{0,60}\b(?:announcement|message|e?-?mail|note|text|post|letter|tweet|paragraph|notice|sentences?|story|poem|reply|invitation)\b"
    r"|(?:写|起草|拟|草拟|撰写)(?:一)?(?:段|封|条|份|篇|个|则)",
    re.IGNORECASE,
)
"""Asks for a text that tells of something; what it tells is not claimed."""

UNSURE = re.compile(
    r"unknown|unclear|not (?:known|certain|sure|clear)|n't (?:know|tell|say|sure)|may (?:or may not )?have|might|possibly"
    r"|(?:cannot|can't|couldn't|could not|unable to) (?:tell|say|confirm|verify|determine|see)|uncertain|no way to (?:tell|know)|open whether|说不准|不好说|不确定|未知|不清楚|可能|不知道|无法确认|无法确定|fail|失败|time[d ]? ?out|超时",
    re.IGNORECASE,
)
"""Says that the outcome is not known."""

ASIDE = re.compile(
    r"\b(?:not|never|nothing|none|neither|nor|without|cannot|unable|would|could|should|can|may|might|must|will|shall|if"
    r"|whether|unless|until|once|please|need(?:s|ed)? to|recommend\w*|suggest\w*|propos\w+|plan\w*|how to|instead of"
    r"|rather than|want\w*|wish\w*|when you|after you|before you|you(?: have|'ve)?|who|which|that|as if|no|failed to|tried to|refused to"
    r"|to have|to be|has yet|yet to|going to|about to|let me|let's|hardly|almost|nearly)\b|n't\b|\b\w+'ll\b",
    re.IGNORECASE,
)
"""In front of a verb: it is denied, wished, offered, supposed, or somebody else's."""

ASIDE_CHINESE = re.compile(
    r"未|没|不|无法|不能|失败|被拒|拒绝|尚|如果|若|假如|可以|可(?!用)|需要|需|请|建议|应该|应|准备|打算|会(?!议)|能否|是否|要不要|将要|即将|等待|等|待|由(?!于)|曾"
)

PAST_OF_OTHERS = re.compile(
    r"\bby (?!me\b|us\b|\d|default\b|\w+ing\b|a factor|about|around|roughly|half|re-?)\w|\bago\b|\byesterday\b|\blast (?:week|night|month|time|year|deploy|release)"
    r"|\bearlier (?:today|this)|\bpreviously\b|\boriginally\b|\bat \d{1,2}:\d\d|\bon \d{4}-|\bon (?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|昨天|上次|曾|前天|上周|小时前|分钟前|天前|历史|最近一次|当时|之前由",
    re.IGNORECASE,
)

FIRST_PERSON = re.compile(r"\b(?:I|we|I've|we've|I have|we have)\b|我(?!的)|我们", re.IGNORECASE)

PASSIVE = re.compile(r"\b(?:was|were|been|is|are|got|gets|being|now)(?: \w+ly)? $", re.IGNORECASE)

LEADS = re.compile(
    r"^[\W_]*(?:(?:done|ok|okay|success|all (?:good|done|set)|finished|great|sure|yes|certainly|of course|good news|successfully|now|then|also|and|next"
    r"|finally|first|both|just|have|has|already)\b[\W_]*)*$",
    re.IGNORECASE,
)
"""All that may stand in front of a verb at the start of a clause, so that who speaks is meant: "Done: restarted …"."""

DONE = re.compile(
    r"^\W*(?:all )?(?:done|finished|completed?|all set|it'?s done|success(?:ful(?:ly)?)?)\b|\b(?:is|are|it's|was|were) (?:now |all )?(?:done|completed?|finished)\b"
    r"|\bsuccessfully\b|^\W*(?:ok|okay)[,.!:]|✅|✔|^\W*(?:已(?:经)?完成|完成|搞定|好了|办好|已处理|成功)|操作成功|任务完成|(?:都|全部|均)(?:已|完成|好了)",
    re.IGNORECASE | re.MULTILINE,
)
"""Says that it is done without saying what."""

ASKS_BACK = re.compile(
    r"\?|？|\b(?:shall I|should I|do you want|would you like|let me know (?:which|whether|what|if you(?:'d| would)? (?:want|like) me)|please (?:confirm|approve|tell|say|choose)"
    r"|I (?:can|could|will|would|need|must|am going|'ll)|I'll|we can|you (?:can|could|should|need|may|must)|needs? (?:your|an?|the|approval)|waiting for"
    r"|recommend|suggest|before I)\b|请(?:确认|告诉|选择|批准|指定|提供)|是否|要不要|需要(?:您|你)|我(?:可以|会|将|需要)|您(?:可以|需要)|建议|等待",
    re.IGNORECASE,
)

ALREADY = re.compile(
    r"\balready\b|\bno need\b|not necessary|unnecessary|nothing to (?:do|change|delete|stop|free)|there (?:is|are|was|were) no|does(?: not|n't) exist"
    r"|已经是|已是|本来就|无需|不需要|没有必要|没有需要|不存在|不必",
    re.IGNORECASE,
)

READ = re.compile(
    r"\b(?:I|we)(?: have|'ve)?(?: \w+ly| also| just| now| then)? (?:checked|read|re-?read|looked (?:at|into|up|through|over)|inspected|examined|queried|fetched"
    r"|investigated|diagnosed|debugged|studied|traced|double-checked|cross-checked|dug (?:into|through)|went over|watched|observed|measured|verified|confirmed|probed|tested|reviewed|analy[sz]ed|searched|listed|counted|retrieved|scanned|monitored|compared|went through)\b"
    r"|我?(?:已|已经|刚刚?)(?:经)?(?:检查|查看|查阅|读取|查询|核实|验证|测试|确认|分析|测量|核对|排查|调查|诊断|定位|巡检|复查)了?|(?:检查|查看|查阅|读取|查询|核实|验证|分析|排查|调查|诊断|定位|巡检|复查)(?:了|过)",
    re.IGNORECASE,
)
"""Says that something was looked at."""

TESTED = re.compile(
    r"\b(?:ran|executed|run|passed|re-?ran) (?:\w+ ){0,4}tests?\b|\btests? (?:\w+ ){0,3}(?:pass(?:ed|es)?|succeeded|green|ran)\b"
    r"|\b(?:put|placed) (?:\S+ ){1,4}under (?:\w+ )?(?:load|stress)\b|\b(?:load|stress|smoke|soak|regression)[- ]?test(?:ed\b|s (?:pass|ran|show|went|succeed))|\bbenchmarked\b"
    r"|\b(?:ran|executed|performed|completed|did) (?:an? |the )?(?:\w+[ -]){0,3}(?:benchmark|load run|dry[- ]run|smoke check|stress run|simulation|rehearsal)\b|\bheld (?:up )?under (?:\w+ )?(?:load|stress)\b"
    r"|(?:压测|压力测试|负载测试|性能测试|冒烟测试|回归测试|基准测试|演练)(?:都|也|均|已|已经|结果|显示)*(?:通过|成功|完成|正常|跑|没有?问题|了|过)|(?:做|跑|进行)(?:了|过)[^，。]{0,8}(?:压测|测试|演练)"
    r"|\b(?:tests|test suite) (?:is|are|was|were) (?:\w+ )?(?:green|ok|passing|successful)"
    r"|测试(?:都|全部|均|已|已经|用例)*(?:通过|成功|跑过|运行)|(?:运行|执行|跑)了[^，。]{0,8}测试",
    re.IGNORECASE,
)

FILE = re.compile(
    r"\b(?:wrote|written|saved|stored|exported|created|generated|put|made|produced|attached)\b(?P<what>[^.!?;\n]{0,80}?)(?P<name>[\w\-/]+\.[A-Za-z]{2,5}\b)"
    r"|(?P<name2>[\w\-/]+\.[A-Za-z]{2,5}\b)(?= (?:was|were|has been|is|have been) (?:now )?(?:written|saved|stored|exported|created|generated|ready|attached))"
    r"|(?:写入|保存|存为|存到|导出|生成|写到|创建)[^，。；\n]{0,20}?(?P<name3>[A-Za-z][\w\-/]*\.[A-Za-z]{2,5}\b)|(?P<name4>[A-Za-z][\w\-/]*\.[A-Za-z]{2,5}\b)[^，。；\n]{0,6}(?:已|已经)(?:经)?(?:写入|保存|导出|生成|创建)",
    re.IGNORECASE,
)

SPLIT = re.compile(
    r"(?<=[.!?;])\s+|(?<!\d)[,;:](?=\s)|[，。；！？：\n]+|\s+[–—-]\s+|\bbut\b|\bhowever\b|但是?|不过|然而",
    re.IGNORECASE,
)
"""Between the parts of a text that say one thing each."""

REGION_ENDS = re.compile(
    r"\b(?:which|that|because|since|so|as|for|after|before|with|without|from|while|when|where|who|whose|due|using|by|via"
    r"|then|until|until|if|it|its|they|now|again|successfully|at|once|earlier|already|is|are|was|were|has|have)\b|[.,;:!?(（，。；：！？\n]|因为|由于|以便|从而|并且|然后"
)

STOPPERS = frozenset(
    ["the", "a", "an", "this", "that", "these", "those", "my", "your", "our", "his", "her", "its", "their", "all", "both", "each", "every", "any", "some", "of", "in", "on", "to", "into", "and", "or", "&", "me", "us", "you", "service", "services", "server", "servers", "bed", "beds", "file", "files", "setting", "settings", "value", "release", "releases", "version", "process", "processes", "them", "it", "one", "everything", "everyone", "him", "us", "all", "message", "messages", "email", "emails", "mail", "mails", "ticket", "tickets", "notification", "note", "notes", "user", "users", "customer", "customers", "please", "now", "again", "back", "up", "down", "out", "off", "new", "old", "same", "other", "application", "app", "system", "one", "two", "three", "task", "tasks", "item", "items", "successfully", "requested", "config", "configuration", "correctly", "properly", "folder", "directory", "account", "job", "jobs", "order", "orders", "room", "then", "has", "have", "been", "was", "were", "is", "are"]
)  # fmt: skip


def past_of(verb: str) -> str:
    """Return the past form or forms of an English verb, as a pattern."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if len(verb) > 2 and verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}(?:{verb[-1]})?ed"


def doings_of(tools: Iterable[str]) -> list[Doing]:
    """Return the doings that a toolkit's effect tools have of their own, by their names: `water_bed` → watered."""
    known = {word for one in DOINGS for word in one.tools}
    found: dict[str, Doing] = {}
    for tool in tools:
        for word in tool.casefold().split("_"):
            if word.isalpha() and word.isascii() and len(word) > 2 and word not in known and word not in STOPPERS:
                found[word] = Doing(word, past_of(word), word, "", frozenset({word}))
    return list(found.values())


OF_ITS_OWN = re.compile(
    r"(?<![\w.@/])(?:rows?|columns?|duplicates?|table|data|dataframe|numbers?|values?|nulls?|nans?|strings?|spaces?|characters?|text|sentences?|words?|paragraphs?|typos?"
    r"|grammar|wording|code|scripts?|functions?|lists?|summary|summaries|charts?|plots?|graphs?|plan|draft|poem|haiku|joke|story|answer|approach|mind|equations?"
    r"|here|analysis|search|attempts?|trying|looking|reading|overview|report|formula|expressions?|variables?|steps?|example|translation|outliers?|entries|lines?"
    r"|header|currency|symbols?|whitespace|figures?|totals?|bugs? in)(?![\w@]|\.\w)|表格|数据|重复|文本|句子|代码|图表|列表|摘要|报告|总结|草稿|列名|空格|行",
    re.IGNORECASE,
)
"""Things that an action makes or changes in its own sandbox, or in words: no tool is needed for them."""

NO_TROUBLE = re.compile(
    r"\b(?:no|nothing|without|zero|0|none|never)\s+(?:\w+\s+){0,3}?(?:fail\w*|errors?|denied|refused|problems?|cancell?ed|rejected)|(?:did ?n[o']t|has ?n[o']t|not) (?:fail|been (?:denied|refused))"
    r"|\b(?:errors?|failures?|problems?) (?:is|are|were|was|have|has) (?:\w+ )?(?:gone|fixed|resolved|over|cleared|stopped)|no longer (?:fail\w*|down)|fail(?:ure|ed)? rate|error rate"
    r"|没有失败|没有错误|无错误|没有问题|不再失败|没有异常",
    re.IGNORECASE,
)
"""Speaks of failure to say that there is none."""

INVERSE: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        ("deploy promote", "rollback revert"), ("rollback revert", "deploy promote"), ("create add register insert open", "delete remove drop close"),
        ("book reserve order", "cancel"), ("enable activate unlock", "disable deactivate lock"), ("disable deactivate lock", "enable activate unlock"),
        ("start restart", "stop kill"), ("send", "recall unsend"), ("write save store put", "delete remove erase"), ("delete remove", "restore undelete"),
        ("grant", "revoke"), ("change set update", "reset restore revert undo"),
    )
)  # fmt: skip
"""Parts of tools' names, and of those that take their effect back."""
