"""The words by which people say what they always want, who they are, and what is to be forgotten. Patterns only.

Each is tried at the beginning of a clause, after politeness was taken off. English and Chinese.
"""

from __future__ import annotations

import re

from sanca.core.languages import LANGUAGE_PATTERN


def _cue(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


POLITE = _cue(
    r"^(?:(?:hey|hi|hello|ok(?:ay)?|please|pls|also|and|but|so|oh|well|by the way|btw|fyi|just so you know"
    r"|for (?:the record|your information)|one more thing|note(?: that)?|sanca)\b[\s,:;.!-]*"
    r"|(?:请|麻烦|另外|还有|对了|顺便(?:说一下)?|注意|你好|那么|那|而且|但是?|好的?)[\s,，:：]*)+"
)
_FROM_NOW = r"(?:from now on|from today on|in (?:the )?future|henceforth|going forward|as of (?:now|today))"
_HENCE_ZH = r"从?(?:今天|今|现在|此)(?:以后|往后|之后|起|开始|后)|以后|今后|往后|将来"
_FROM_NOW_ZH = rf"(?:{_HENCE_ZH}|永远|任何时候|不管什么时候|无论何时|一直)"
_NO_ZH = r"(?:别|不要|不许|不准|不能|不可以|不可|禁止|不用|勿|不得|千万别|千万不要)"
_TELLING = (
    r"(?:mind|been|seen|saw|had|has|have|heard|got|gets?|was|were|is|are|said|again|goes|went|did|does|could|would"
    r"|once|knew|know|thought|the|a|an|this|that|it|been|before|really|quite|\w+(?<!ss)(?<!us)s|\w{2,}(?<!ne)ed)"
)
"""After "never" or "always" these tell what happens, and wish for nothing."""
_HABITUAL = (
    r"\b(?:at night|over ?night|on weekends?|on (?:mon|tues|wednes|thurs|fri|satur|sun)days"
    r"|(?:during|in|outside(?: of)?|after|before) (?:business|working|work|office|peak|trading|school) hours"
    r"|(?:in|at|during) (?:the )?(?:rush|peak)|without (?:asking|my|telling|checking with)|again|ever|any ?more)\b"
)
_HABITUAL_ZH = (
    r"(?:晚上|夜里|半夜|深夜|凌晨|夜间|周末|工作时间|上班时间|白天|高峰|节假日"
    r"|未经|没有?经过我|不问我|不经我)"
)
_TROUBLE_ZH = r"(?!.*(?:失败|报错|错误|超时|挂|慢|卡|登录|访问))"

DONT = _cue(
    rf"^never (?!{_TELLING}\b)\w",
    rf"^(?:don'?t|do not) ever (?!{_TELLING}\b)\w",
    rf"^{_FROM_NOW},? (?:please )?(?:never|don'?t|do not|no more|stop)\b",
    rf"^(?:don'?t|do not) .*{_HABITUAL}",
    r"^no more \w+",
    r"^i (?:(?:do not|don'?t) (?:like|ever want|want you to|want to see)|hate|can'?t stand) (?!(?:it|this|that)\W*$)\w",
    rf"^{_FROM_NOW_ZH}[,，]?(?:都|就|也|请|你)*{_NO_ZH}再?\S",
    rf"^(?:绝对|绝|千万|切|一定)?{_NO_ZH}.*{_HABITUAL_ZH}",
    rf"^{_TROUBLE_ZH}{_HABITUAL_ZH}\S{{0,8}}{_NO_ZH}",
    r"^(?:绝对不要|绝不要|永远不要|切勿|严禁)\S",
    r"^我(?:不喜欢|讨厌|不想(?:要|看到?|再看到?)|不爱)\S",
)
DO = _cue(
    rf"^always (?!{_TELLING}\b)\w",
    rf"^{_FROM_NOW},? (?:please )?(?:you (?:should|must|can) )?\w",
    r"^(?:every|each) time (?:i|you|we) .*\b(?:show|ask|tell|give|use|check|answer|send|first)\b",
    r"^whenever (?:i|you) .*\b(?:show|ask|tell|give|use|check|answer|send|first)\b",
    r"^(?:keep|make) (?:your|the|all|my)? ?(?:answers|replies|responses|explanations|messages) \w",
    rf"^{_TROUBLE_ZH}(?:{_HENCE_ZH})[,，]?(?:都|就|也|请|你|要|先)*(?!再说|呢|怎|会|是|的|了|还会)[^\s,，]",
    r"^每次.{0,16}?(?:请|都?要|先)(?!.*(?:失败|报错|错误|超时|挂|慢|卡))\S",
    r"^(?:总是|始终|一律)(?:请|要|用|先|给|把)\S",
    r"^(?:回答|回复|说话)(?:都|请|要|尽量)?(?:简短|简洁|详细|短一?点|长一?点)",
)
HABIT = _cue(
    r"^i(?:'d)? (?:prefer|would rather|tend to|would like you to always) (?!(?:it|this|that)\W*$)\w",
    r"^i (?:really )?(?:like|love) (?!(?:it|this|that|how|what|your|the (?:idea|way))\b|to know\b|to see\b)\w",
    r"^i (?:usually|normally|mostly|always|generally) "
    r"(?!(?:get|got|see|have|had|receive|end|run into|fail|need|hit)\b)\w",
    r"^my (?:preferred|favou?rite|usual|working hours|time ?zone|work(?:ing)? day)\b",
    r"^我(?:一般|通常|平时|比较|更|最|还是|还)?(?:喜欢|偏好|偏爱|倾向于?|习惯)(?!你)\S",
    r"^我(?:一般|通常|平时|每天|每周|总是)(?!遇到|看到|收到|报|会?失败)\S",
    r"^我的(?:习惯|偏好|时区|工作时间)",
)
_ROLE_NOUN = (
    r"(?:engineers?|developers?|devs?|programmers?|admins?|administrators?|operators?|managers?|leads?|leaders?"
    r"|owners?|on[- ]?call|sres?|dbas?|testers?|qa|analysts?|architects?|interns?|students?|support|consultants?"
    r"|directors?|ctos?|ceos?|cios?|designers?|scientists?|teams?|squad|department|maintainers?|newcomer|new here"
    r"|product|devops|oncall|shift|person|responsible|in charge|lawyers?|accountants?|nurses?|doctors?|teachers?)"
)
ROLE = _cue(
    r"^(?:i am|i'm|im)(?: also| now| currently| just)? (?:an?|the|one of|on|part of|with|from|in|new)\b"
    rf".{{0,60}}?\b{_ROLE_NOUN}\b",
    r"^(?:i am|i'm|im)(?: also| now| currently)? (?:on[- ]?call|responsible for|in charge of|new (?:here|to))\b",
    r"^i (?:work (?:as|in|for|on|at|with)|belong to|own|maintain|lead|manage|look after|take care of)\b",
    r"^my (?:role|job|title|position|name|team|department|nick ?name)(?: is|'s) \w",
    r"^(?:you can )?call me \w",
    r"^(?:我|本人)(?:现在)?(?:是|担任)(?!说|想|要|问|来|指|觉得|看|在想|不是)\S{0,24}?(?:工程师|开发|运维|值班|负责人"
    r"|测试|经理|主管|dba|管理员|新人|新来|实习生|架构师|产品|客服|程序员|owner|sre|leader|总监|学生|老师|分析师"
    r"|后端|前端|设计师|on-?call|维护者?|团队|部门|组长?)",
    r"^我(?:负责|在\S{1,20}(?:工作|上班|团队|部门|组)|叫(?!你)|管(?:理|着)\S)",
    r"^我的(?:名字|姓名|职位|职务|角色|岗位|工作|团队|部门)(?:是|叫)",
    r"^(?:你可以|请)?(?:叫我|称呼我)\S",
)
LANGUAGE = _cue(
    rf"^(?:(?:{_FROM_NOW}|always|only),? (?:please )?)+(?:answer|reply|respond|speak|talk|write|explain)?"
    rf"(?: (?:to )?(?:me|us))?(?: always| only)?(?: in)? ?({LANGUAGE_PATTERN})\b",
    rf"^(?:answer|reply|respond|speak|talk|write)(?: (?:to )?(?:me|us))?(?: always| only)? in ({LANGUAGE_PATTERN})"
    rf"[,.]? (?:{_FROM_NOW}|always)",
    r"^i(?:'d)? (?:prefer|would prefer|like|want|speak|read)"
    r"(?: (?:answers|replies|it|to (?:talk|speak|read)))?(?: in)? "
    rf"({LANGUAGE_PATTERN})(?: (?:answers|replies|better|best|please))?\W*$",
    rf"^my (?:language|mother tongue|native language) is ({LANGUAGE_PATTERN})",
    rf"^(?:{_FROM_NOW_ZH}|总是|一律|始终)[,，]?(?:都|就|请|你|要|一直)*(?:用|说|讲|使用)({LANGUAGE_PATTERN})",
    rf"^(?:请)?(?:一直|永远|总是|始终)用({LANGUAGE_PATTERN})",
    rf"^我(?:更|比较)?(?:喜欢|偏好|习惯|希望)(?:你)?(?:用|看|说|讲)?({LANGUAGE_PATTERN})",
    rf"^我(?:只)?(?:会|懂)?说({LANGUAGE_PATTERN})",
)
MAY = _cue(
    r"^(?:(?:from now on|now),? )?(?:you (?:may|can)|it'?s (?:ok|okay|fine|all right) to|feel free to) \w",
    r"^(?:以后|现在|今后)?(?:你)?(?:可以|允许你?|能)\S",
)
"""Takes back a "don't", and means nothing where there is none."""
REMEMBER = _cue(
    r"^(?:remember|memori[sz]e|keep in mind|don'?t forget|make a note)(?: (?:that|to)\b|:|,)? "
    r"(?!when|how|what|why|who|where|which|if|the time|last|yesterday|me\b|(?:this|that|it)\b(?: as\b|\W*$))(?=\w)",
    r"^(?:帮我|给我)?(?:记住|记下|记一下|记得|牢记|别忘了?|不要忘记)[,，:：]?(?!了|吗|没|什么|上次|昨天|我们)(?=\S)",
)
REMINDER = _cue(
    r"\b(?:tomorrow|tonight|in \d+|at \d|next (?:week|month)|later|o'clock)\b|明天|今晚|后天|下周|点钟?|分钟后"
)
"""What is to be remembered at a time is a reminder, and no preference."""
FORGET_LAST = _cue(
    r"^(?:please )?(?:forget|unlearn|don'?t remember|do not remember)"
    r"(?: (?:about )?(?:that|this)| what i (?:just )?(?:said|told you))(?: again| please|,? please)?\W*$",
    r"^(?:请)?(?:忘掉|忘了|忘记|别记|不要记|不用记)"
    r"(?:它|这个|那个|这条|这件事|那件事|刚才(?:的|说的|那个|那条|那句)?(?:话)?|我刚(?:才)?说的(?:话)?)?(?:吧|了)?\W*$",
    r"^(?:请)?把(?:刚才|这|那)\S{0,6}(?:忘掉|忘了|删掉|删了)(?:吧)?\W*$",
)
FORGET_ALL = _cue(
    r"^(?:please )?forget (?:everything|all)"
    r"(?: (?:you know|about me|of it|i(?:'ve| have)? (?:ever )?(?:said|told you)|that you know)\b.*)?\W*$",
    r"^(?:请)?(?:忘掉|忘记|忘了|删除|删掉|清除)(?:关于我的?)?(?:一切|所有|全部)"
    r"(?:的?(?:记忆|信息|内容|事情?|东西))?(?:吧)?\W*$",
)
FORGET_THIS = _cue(
    r"^(?:please )?(?:forget|unlearn|don'?t remember|delete from (?:your )?memory) "
    r"(?:about |that |what (?:i (?:said|told you)|you know) about )?(?=\w)",
    r"^(?:请)?(?:忘掉|忘了|忘记|别再记)(?:关于)?(?=\S)",
)
ABOUT_ME = _cue(
    r"^(?:so )?(?:what|tell me what|show me what|list what)(?: all)?(?: do| did| have| else do)? you "
    r"(?:know|remember|learn(?:ed|t)?|kept?|stored?|noted?)(?: (?:all|exactly|so far))? (?:about|of) (?:me|myself)\b",
    r"^(?:what are|show(?: me)?|list) (?:all )?my (?:preferences|settings for you|standing wishes)\b",
    r"^(?:who am i|what(?:'s| is) my (?:role|job|name))\b(?! (?:account|service|server))",
    r"^你(?:都)?(?:知道|记得|了解|记住|记了|记下)(?:了)?(?:关于)?我(?:的)?(?:什么|哪些|些什么|多少|啥)",
    r"^(?:关于我)[,，]?你(?:都)?(?:知道|记得|了解|记住)",
    r"^(?:我的偏好|我有(?:哪些|什么)偏好|列出我的偏好|显示我的偏好|我是谁|我的(?:角色|职位)是什么)",
)
QUESTION = _cue(
    r"[?？]\s*$", r"(?:吗|呢|么)\W*$", r"^(?:why|how|what|when|where|who|which|is|are|do|does|did|can|could)\b"
)
