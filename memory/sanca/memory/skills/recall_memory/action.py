"""Answer from memory: what was said and what documents say, each with its source."""

SURE, NEAR, SHOWN = 0.3, 0.2, 4
LAYERS = ["message", "summary", "preference", "knowledge"]
OPEN = ("?", "？", "吗", "呢")
OWN = ("From memory:", "根据记忆：", "I find nothing about that", "在之前的对话和已知文档中")


ASKING = set("what which when where who why how did does was were the and that this have had you your remember recall about last time before for are with can could still they said say told tell".split())
ASKING_ZH = "的了是我你们怎么样什谁哪吗呢上次之前以后还记得关于说过定决讨论"


def telling(text):
    """Return the words of a text that name something: English ones, and pairs of Chinese characters."""
    words = set(re.findall(r"[a-z0-9_]{3,}", text.lower())) - ASKING
    runs = re.findall(r"[\u3400-\u9fff]+", text)
    pairs = {run[at : at + 2] for run in runs for at in range(len(run) - 1)}
    return words | {pair for pair in pairs if not set(pair) & set(ASKING_ZH)}


def tells(one):
    """Whether it says something: no question, and no answer that was recalled before."""
    text = one["text"].strip()
    if text.rstrip("。. ").endswith(OPEN) or text == question.strip() or text.startswith(OWN):
        return False
    return one["score"] >= SURE or bool(telling(question) & telling(text))


def line(one):
    """Return an entry: what was said, and where it is from."""
    text = " ".join(one["text"].split())
    text = text if len(text) <= 500 else f"{text[:500]}…"
    doubt = t(f" (may not hold any more: {one['doubt']})", f"（可能已不适用：{one['doubt']}）") if one["doubt"] else ""
    return f"{text}{doubt}\n  — *{one['source']}*"


found = [one for one in sanca.recall(question, limit=12, layers=LAYERS) if tells(one)]
best = max((one["score"] for one in found), default=0.0)
told = [one for one in found if one["score"] >= NEAR * best][:SHOWN]
if told:
    first = t(OWN[0], OWN[1])
    answer = first + "\n\n" + "\n".join(f"- {line(one)}" for one in told)
else:
    answer = t("I find nothing about that in what was said before, nor in the documents I know.", "在之前的对话和已知文档中，我没有找到相关内容。")
answer
