"""Why does one service fail: evidence, root cause in it or below it, repair after approval, verification."""

known = [row["name"] for row in system.services()]
if service in known:
    answer = told(Healing(service).run())
else:
    answer = t(f"There is no service {service!r}; there are: {', '.join(known)}.", f"没有服务 {service!r}；现有服务：{'、'.join(known)}。")
answer
