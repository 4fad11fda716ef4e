"""Which language a message is in, and the engine's own sentences in both languages."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["en", "zh", "mixed"]

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCES: dict[str, tuple[str, str]] = {
    "unknown": (
        "I don't know how to do that yet. Without a model I work from experience: the things below are what I can do.",
        "我还不知道怎么做这件事。没有配置模型时，我靠经验工作，下面是我会做的事。",
    ),
    "how_to_set_a_model": (
        "Set OPENAI_API_KEY (and OPENAI_BASE_URL for your own server) or DASHSCOPE_API_KEY and start again, "
        "or enter a model on the settings page.",
        "设置 OPENAI_API_KEY（自己的服务再设 OPENAI_BASE_URL）或 DASHSCOPE_API_KEY 后重新启动，或在设置页填写模型。",
    ),
    "ask_parameter": ("Which {name} do you mean?", "您指的是哪个{name}？"),
    "agent_replied": (
        "The agent {sender} has replied to what it was asked: {text}",
        "代理 {sender} 对之前的请求给出了回复：{text}",
    ),
    "form_sent": ("The form “{name}” was sent:\n{values}", "已提交表单“{name}”：\n{values}"),
    "language_noted": ("All right, I answer in {name} from now on.", "好的，之后我用{name}回答。"),
    "data_missing": (
        "This is not in the session any more, or never was: {words}.",
        "会话中没有（或已不存在）：{words}。",
    ),
    "learned": (
        "I have kept that as the skill “{title}” ({skill}). Say it like that and I do it again.",
        "我已把它记为技能“{title}”({skill})。下次这样说,我就照做。",
    ),
    "learned_with": (
        "I have kept that as the skill “{title}” ({skill}). Say it like that and I do it again; "
        "what it asks for each time: {parameters}.",
        "我已把它记为技能“{title}”({skill})。下次这样说,我就照做;每次需要:{parameters}。",
    ),
    "not_learned": ("I cannot keep that as a skill: {reason}", "我无法把它记为技能:{reason}"),
    "person_said": ("A person said of it: {comment}", "有人说:{comment}"),
    "thumb_down": ("A person gave the outcome a thumb down.", "有人对结果表示不满意。"),
    "dismissed": ("All right, I leave it at that.", "好的，那就先不做了。"),
    "no_answer": ("The action ended without an answer.", "动作已结束，但没有给出回答。"),
    "action_failed": ("The action stopped with an error: {error}", "动作因错误停止：{error}"),
    "toolkit_missing": (
        "This needs the toolkit {name!r}, which is not there now; it comes with the portal's host.",
        "这需要工具包 {name!r}，它目前不可用；它由门户的主机提供。",
    ),
    "action_timeout": (
        "The action was stopped after {seconds:.0f} seconds of work.",
        "动作运行 {seconds:.0f} 秒后被停止。",
    ),
    "denied": ("Not done: {error}", "没有执行：{error}"),
    "effects_done": (" Before that it had done: {calls}.", "在此之前已完成：{calls}。"),
    "nothing_changed": (" Nothing was changed.", "没有任何改动。"),
    "names_lost": (
        "The sandbox was renewed; names from earlier actions are gone.",
        "沙箱已更新，之前动作中的变量不再可用。",
    ),
    "goal_names_lost": (
        "These names of goals that were done are gone with the engine that ended: {names}.",
        "随着引擎停止，已完成目标的这些变量不再可用：{names}。",
    ),
    "interrupted": (
        "The engine stopped while this run was working. It will not run again by itself. ",
        "引擎在执行过程中停止了。它不会自行重新运行。",
    ),
    "stopping": ("The engine is being stopped; this run ends here. ", "引擎正在停止，本次运行到此结束。"),
    "broker_lost": ("The engine's broker ended; this run ends here. ", "引擎的代理进程已结束，本次运行到此结束。"),
    "did_calls": ("It had made these calls: {calls}.", "它已发出这些调用：{calls}。"),
    "did_nothing": ("It had not called any tool.", "它还没有调用任何工具。"),
    "spent_rounds": (
        "All {most} rounds of this run are used.",
        "本次运行的 {most} 轮已用完。",
    ),
    "spent_calls": ("All {most} tool calls of this run are used.", "本次运行的 {most} 次工具调用已用完。"),
    "spent_tokens": ("The {most} tokens of this run are used up.", "本次运行的 {most} 个令牌已用完。"),
    "spent_money": ("The money for this run, {most}, is used up.", "本次运行的费用预算 {most} 已用完。"),
    "spent_seconds": (
        "The {most} seconds that a run may take without hearing from a person are over.",
        "没有人回应时一次运行可用的 {most} 秒已用完。",
    ),
    "near_rounds": ("Four fifths of this run's {most} rounds are used.", "本次运行的 {most} 轮已用去五分之四。"),
    "near_calls": (
        "Four fifths of this run's {most} tool calls are used.",
        "本次运行的 {most} 次工具调用已用去五分之四。",
    ),
    "near_tokens": (
        "Four fifths of this run's {most} tokens are used.",
        "本次运行的 {most} 个令牌已用去五分之四。",
    ),
    "near_money": (
        "Four fifths of the money for this run, {most}, are spent.",
        "本次运行的费用预算 {most} 已用去五分之四。",
    ),
    "near_seconds": (
        "Four fifths of the {most} seconds without hearing from a person are over.",
        "没有人回应时可用的 {most} 秒已过去五分之四。",
    ),
    "summary_stopped": ("I stop here. {why}", "我先停在这里。{why}"),
    "summary_done": ("Done", "已完成"),
    "summary_not_done": ("Not done", "未完成"),
    "summary_found": ("Found so far", "目前的发现"),
    "summary_open": ("Open", "待办"),
    "summary_nothing_changed": ("Nothing was changed.", "没有任何改动。"),
    "summary_goal_open": ("The goal is not confirmed: {goal}", "目标尚未确认：{goal}"),
    "stuck": (
        "Nothing new came of the last {rounds} rounds, also after another approach was asked for.",
        "最近 {rounds} 轮没有新的进展，换了做法之后仍然如此。",
    ),
    "not_verified": ("Not verified by reading it again: {calls}.", "以下操作的结果没有再次读取核实：{calls}。"),
    "not_confirmed": ("Not confirmed: {reasons}", "未确认：{reasons}"),
    "goal_needs": ("It needs {title!r}, which was given up.", "它依赖“{title}”，而后者已放弃。"),
    "goal_attempts": ("{failed} attempts failed; the last error: {error}", "已失败 {failed} 次，最后的错误：{error}"),
    "goal_no_model": ("Nothing known does it, and there is no model.", "没有已知的办法，也没有配置模型。"),
    "goals_abandoned": ("Not done:", "未完成："),
    "way_workflow": ("A known workflow fits: {title}.", "有合适的已知流程：{title}。"),
    "way_setting": ("The settings say so.", "由设置指定。"),
    "way_person": ("The message asks for it.", "消息中如此要求。"),
    "way_single_tool": ("One tool fits: {tools}.", "一个工具即可：{tools}。"),
    "way_sequence": ("Several tools after each other: {tools}.", "需要依次使用多个工具：{tools}。"),
    "way_composition": ("Data flows from call to call: {tools}.", "数据在调用之间传递：{tools}。"),
    "way_synthesis": ("No tool fits, so one is written.", "没有合适的工具，需要先写一个。"),
    "result": ("Result", "结果"),
    "more_rows": ("… {count} more rows not shown", "…… 还有 {count} 行未显示"),
    "more_facts": ("… {count} more entries not shown", "…… 还有 {count} 项未显示"),
    "more_series": ("… {count} more lines not shown", "…… 还有 {count} 条曲线未显示"),
    "more_links": ("… {count} more links not shown", "…… 还有 {count} 个链接未显示"),
    "more_chars": ("… ({count} more characters)", "……（还有 {count} 个字符）"),
    "button_send": ("Send", "提交"),
    "button_agree": ("Agree", "同意"),
    "button_decline": ("Decline", "不同意"),
    "model_changed": (
        "{why} What was said above it is void.",
        "{why} 上面未说完的内容作废。",
    ),
    "memory_down": (
        "The memory store does not answer. This conversation goes on with what is kept here; what is said now is "
        "delivered when the store is back, and older memories are not found until then.",
        "记忆库没有响应。本次对话将使用本地保留的内容继续；现在说的内容会在记忆库恢复后送达，在此之前找不到较早的记忆。",
    ),
    "continued": ("Going on with an interrupted run. {done}", "继续一次被中断的运行。{done}"),
}


def sentence(key: str, language: str, **values: object) -> str:
    """Return one of the engine's own sentences in English or Chinese."""
    english, chinese = _SENTENCES[key]
    return (chinese if language == "zh" else english).format(**values)


def tell_language(text: str, default: str = "en") -> Language:
    """Tell the language of a message; what has no letters is in the page's language."""
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    if not han and not words:
        return "zh" if default.lower().startswith("zh") else "en"
    if han and words:
        return "mixed"
    return "zh" if han else "en"


def answer_language(said: str, default: str) -> Literal["en", "zh"]:
    """Tell the language to answer in; who said nothing, or ran code of their own, is answered in the page's."""
    return "en" if tell_language(said, default) == "en" else "zh"
