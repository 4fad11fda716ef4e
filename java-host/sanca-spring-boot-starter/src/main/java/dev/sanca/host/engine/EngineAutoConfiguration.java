package dev.sanca.host.engine;

import dev.sanca.host.SancaHome;
import dev.sanca.host.access.Approvals;
import dev.sanca.host.access.RunPrincipals;
import dev.sanca.host.calls.ResultPages;
import dev.sanca.host.toolkit.ToolkitRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The engine's client and supervisor. */
@AutoConfiguration
@EnableConfigurationProperties(EngineProperties.class)
class EngineAutoConfiguration {

    @Bean(destroyMethod = "close")
    EngineConnection sancaEngineConnection(SancaHome home) {
        return new EngineConnection(home);
    }

    @Bean
    GrpcEngineClient sancaEngineClient(
            EngineConnection connection,
            RunPrincipals principals,
            Approvals approvals,
            ObjectProvider<MeterRegistry> meters,
            ResultPages results) {
        RunMeters runMeters = new RunMeters(meters.getIfAvailable(() -> Metrics.globalRegistry));
        return new GrpcEngineClient(connection, principals, approvals, runMeters, results);
    }

    @Bean
    EngineMemory sancaEngineMemory(EngineConnection connection) {
        return new GrpcEngineMemory(connection);
    }

    @Bean
    EngineSupervisor sancaEngineSupervisor(
            EngineProperties properties,
            SancaHome home,
            EngineConnection connection,
            GrpcEngineClient client,
            ToolkitRegistry registry) {
        EngineSupervisor supervisor = new EngineSupervisor(properties, home, connection, client);
        registry.addListener(() -> {
            if (supervisor.state().phase() == EngineState.Phase.UP) { // one that is not there reads them when it comes
                client.toolkitsChanged();
            }
        });
        return supervisor;
    }

    @Bean
    EngineStatus sancaEngineStatus(EngineSupervisor supervisor) {
        return supervisor::state;
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(HealthIndicator.class)
    static class HealthConfiguration {

        @Bean
        EngineHealthIndicator sancaEngineHealthIndicator(EngineSupervisor supervisor) {
            return new EngineHealthIndicator(supervisor);
        }
    }
}
