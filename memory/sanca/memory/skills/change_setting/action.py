"""Change one setting of a service, keeping the kind of its value, and see that the service answers."""


def like(old, said):
    """Turn what was said into the kind of value that the setting has now."""
    if isinstance(old, bool):
        return str(said).lower() in ("true", "on", "yes", "1", "enable", "enabled", "开", "开启", "是")
    if isinstance(old, int | float):
        number = float(str(said).rstrip("%"))
        return int(number) if number == int(number) and isinstance(old, int) else number
    return str(said)


def change():
    values = system.config(service)["values"]
    key = key_like(setting, list(values))
    if key is None:
        some = ", ".join(f"`{name}`" for name in list(values)[:20])
        return t(f"{service} has no single setting like {setting!r}; it has: {some}.", f"{service} 没有唯一对应 {setting!r} 的配置；现有：{some}。")
    old = values[key]
    try:
        new = like(old, value)
    except ValueError:
        return t(f"`{key}` is a number ({old}); {value!r} is none.", f"`{key}` 是数字（{old}）；{value!r} 不是。")
    if new == old:
        return t(f"`{key}` of {service} is {old} already.", f"{service} 的 `{key}` 已经是 {old}。")
    words = t(f"set `{key}` of {service} from {old} to {new}", f"把 {service} 的 `{key}` 从 {old} 改为 {new}")
    done, refused, failed = carry_out([(words, lambda: system.change_config(service, key, new, f"{key} from {old} to {new}, asked for in the chat"))])
    if not done:
        return refused or failed
    well, measured = verify(service)
    now = system.config(service)["values"].get(key)
    return t(f"**`{key}` of {service} is now {now}** (before: {old}). {'Verified' if well else 'Not well yet'}: {measured}.", f"**{service} 的 `{key}` 现在是 {now}**（之前是 {old}）。{'已验证' if well else '尚未恢复'}：{measured}。")


change()
