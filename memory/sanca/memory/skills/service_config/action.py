"""The configuration a service runs with."""

config = system.config(service)
values = config["values"]
key = key_like(setting, list(values)) if setting else None
if key:
    answer = t(f"`{key}` of {service} is **{values[key]}** (release {config['release']}, {config['path']}).", f"{service} 的 `{key}` 是 **{values[key]}**（版本 {config['release']}，{config['path']}）。")
else:
    card.facts(t(f"Configuration of {service}", f"{service} 的配置"), {name: str(value) for name, value in values.items()})
    note = t(f"There is no single setting like {setting!r}.\n\n", f"没有唯一对应 {setting!r} 的配置。\n\n") if setting else ""
    table = [{t("Setting", "配置项"): f"`{name}`", t("Value", "值"): value} for name, value in values.items()]
    answer = note + t(f"**{service} {config['release']}** ({config['path']})", f"**{service} {config['release']}**（{config['path']}）") + "\n\n" + markdown_table(table)
answer
