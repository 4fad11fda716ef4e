"""What a service depends on and who depends on it, over any number of steps."""

rows = {row["name"]: row for row in system.services()}


def reach(start, next_of):
    """Return all names reachable from one, nearest first."""
    found, edge = [], [start]
    while edge:
        edge = [name for at in edge for name in next_of(at) if name != start and name not in found]
        found += list(dict.fromkeys(edge))
    return found


def below(name):
    return [other for other in rows[name].get("depends_on") or [] if other in rows]


def above(name):
    return [other for other, row in rows.items() if name in (row.get("depends_on") or [])]


def named(names):
    words = {"up": "正常", "degraded": "降级", "down": "停止"}
    english = ", ".join(f"{name} ({rows[name]['status']})" for name in names) or "none"
    chinese = "、".join(f"{name}（{words.get(rows[name]['status'], rows[name]['status'])}）" for name in names) or "无"
    return t(english, chinese)


if service and service not in rows:
    answer = t(f"There is no service {service!r}; there are: {', '.join(rows)}.", f"没有服务 {service!r}；现有服务：{'、'.join(rows)}。")
elif service:
    facts = {t("needs directly", "直接依赖"): named(below(service)), t("needs in all", "全部依赖"): named(reach(service, below)), t("needed directly by", "直接被依赖"): named(above(service)), t("affected when it fails", "故障时受影响"): named(reach(service, above))}
    card.facts(t(f"Dependencies of {service}", f"{service} 的依赖"), facts)
    answer = t(f"## {service}", f"## {service}") + "\n\n" + bullets([f"{name}{t(': ', '：')}{value}" for name, value in facts.items()])
else:
    answer = bullets([f"**{name}** → {named(below(name))}" for name in rows])
answer
