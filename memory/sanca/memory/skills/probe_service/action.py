"""Call a service a few times."""

result = system.probe(service, count=max(1, min(100, int(count))))
taken = sorted(result["latencies_ms"])
facts = {
    t("Calls", "请求数"): result["requests"],
    t("Failed", "失败"): result["failed"],
    t("Median", "中位耗时"): f"{taken[len(taken) // 2]:.0f} ms" if taken else "-",
    t("Slowest", "最慢"): f"{taken[-1]:.0f} ms" if taken else "-",
}
card.facts(service, facts)
made, failed = result["requests"], result["failed"]
taken_words = t(f"median {taken[len(taken) // 2]:.0f} ms", f"响应时间中位数 {taken[len(taken) // 2]:.0f} ms") if taken else t("no answer in time", "未及时应答")
why = t(f" Error: {plain_error(result['sample_error'])}.", f"错误：{plain_error(result['sample_error'])}。") if result.get("sample_error") else ""
chinese = f"{made} 次请求全部成功" if not failed else f"{made} 次请求中有 {failed} 次失败"
t(f"**{made - failed} of {made} calls of {service} succeeded**, {taken_words}.{why}", f"**{service}：{chinese}**，{taken_words}。{why}")
