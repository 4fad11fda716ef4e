"""What the engine says about memory, in both languages. Words only."""

from __future__ import annotations

_SENTENCES: dict[str, tuple[str, str]] = {
    "kept": ("I'll remember: {what}", "我会记住：{what}"),
    "replaced": ("It takes the place of: {what}", "它取代了：{what}"),
    "no_longer": ("I don't keep this any more: {what}", "我不再记着：{what}"),
    "how_to_change": (
        "You can change or remove it on the memory page, or say “forget that”.",
        "可以在记忆页面修改或删除，也可以说“忘掉这个”。",
    ),
    "forgot": ("Forgotten: {what}", "已忘掉：{what}"),
    "forgot_exchange": (
        "I have forgotten what was said last: {what}",
        "我已忘掉刚才的对话：{what}",
    ),
    "nothing_to_forget": ("There is nothing here that I could forget.", "这里没有可以忘掉的内容。"),
    "nothing_like_it": (
        "I keep no wish of yours about that. What was said in conversations can be found and forgotten on the memory "
        "page.",
        "我没有记着与此有关的偏好。对话内容可以在记忆页面查找并删除。",
    ),
    "forget_all": (
        "Everything I keep of you, conversations and files included, is forgotten on the memory page "
        "(“Forget everything”) or by `sanca memory forget`. I don't do it on a word, because it cannot be "
        "undone.",
        "要忘掉关于您的一切（包括对话和文件），请在记忆页面选择“全部忘记”，或运行 `sanca memory forget`。"
        "因为无法撤销，我不会只凭一句话就这样做。",
    ),
    "about_me": ("This is what I know about you:", "这是我所知道的关于您的内容："),
    "company_wide": ("for everybody here", "对所有人"),
    "know_nothing": (
        "I know nothing about you yet besides our conversations. Say for instance “I am the on-call for checkout” or "
        "“never restart payment at night”.",
        "除了我们的对话，我还不了解您。可以告诉我，例如“我是结账服务的值班”或“以后别在半夜重启 payment”。",
    ),
    "wish_against": ("Against it speaks what you asked for: {what}", "这与您的要求不符：{what}"),
}


def memory_sentence(key: str, language: str, **values: object) -> str:
    """Return one of the sentences in English or Chinese."""
    english, chinese = _SENTENCES[key]
    return (chinese if language == "zh" else english).format(**values)
