package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.system.SystemFacts.HealthCheck;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceHealth;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Understands what a service, or whoever holds its port, answers to {@code GET /health}. */
final class HealthAnswers {
    private HealthAnswers() {}

    static ServiceHealth of(String service, ServiceHttp.Answer answer) {
        if (answer.status() == null) {
            return new ServiceHealth(service, "down", null, answer.body(), answer.milliseconds(), Map.of());
        }
        Map<String, HealthCheck> checks = checks(answer.body());
        if (checks.isEmpty()) {
            String message = "what answers on this port is not " + service;
            return new ServiceHealth(service, "down", answer.status(), message, answer.milliseconds(), checks);
        }
        boolean allOk = checks.values().stream().allMatch(HealthCheck::ok);
        String message = allOk ? "all checks are well" : firstProblem(answer.body());
        return new ServiceHealth(
                service, allOk ? "up" : "degraded", answer.status(), message, answer.milliseconds(), checks);
    }

    static String firstProblem(String body) {
        return checks(body).entrySet().stream()
                .filter(check -> !check.getValue().ok())
                .findFirst()
                .map(check -> check.getKey() + ": " + check.getValue().message())
                .orElse("no check says why");
    }

    private static Map<String, HealthCheck> checks(String body) {
        Map<String, HealthCheck> checks = new LinkedHashMap<>();
        try {
            JsonNode node = HostJson.LENIENT.readTree(body).path("checks");
            node.properties()
                    .forEach(each -> checks.put(
                            each.getKey(),
                            new HealthCheck(
                                    each.getValue().path("ok").asBoolean(),
                                    each.getValue().path("message").asString(""))));
        } catch (JacksonException notJson) {
            return Map.of();
        }
        return checks;
    }
}
