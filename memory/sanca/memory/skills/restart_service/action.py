"""Restart one service and see that it answers."""

done, refused, failed = carry_out([restart_step(service)])
if done:
    well, measured = verify(service)
    answer = t(f"**{service} was restarted.** {'It is well' if well else 'It is not well yet'}: {measured}.", f"**{service} 已重启**，{'运行正常' if well else '尚未恢复'}：{measured}。")
else:
    answer = refused or failed
answer
