package dev.sanca.host.engine;

import java.util.List;

/** The engine's own word on its health. */
public record EngineInfo(
        String status,
        String version,
        String sandboxLevel,
        String sandboxDetail,
        String gateway,
        String gatewayDetail,
        String store,
        List<String> models,
        int runsLive,
        long pid,
        double uptimeSeconds,
        double brokerLatencyMs) {}
