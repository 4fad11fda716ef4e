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
good = result["requests"] - result["failed"]
why = t(f" Error: {shortened(result['sample_error'])}.", f"错误：{shortened(result['sample_error'])}。") if result.get("sample_error") else ""
t(f"**{good} of {result['requests']} calls of {service} succeeded**, median {facts['Median'] if language != 'zh' else ''}.{why}", f"**{service}：{result['requests']} 次请求成功 {good} 次**，中位耗时 {facts.get('中位耗时', '')}。{why}")
