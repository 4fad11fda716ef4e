package dev.sanca.host.gateway;

import dev.sanca.host.SancaHome;
import dev.sanca.host.calls.ToolCalls;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The gateway and its health. */
@AutoConfiguration
@EnableConfigurationProperties(GatewayProperties.class)
@ConditionalOnBooleanProperty(name = "sanca.gateway.enabled", matchIfMissing = true)
class GatewayAutoConfiguration {

    @Bean
    GatewayLifecycle sancaGatewayLifecycle(GatewayProperties properties, ToolCalls calls, SancaHome home) {
        return new GatewayLifecycle(properties, calls, home);
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(HealthIndicator.class)
    static class HealthConfiguration {

        @Bean
        GatewayHealthIndicator sancaGatewayHealthIndicator(GatewayLifecycle gateway) {
            return new GatewayHealthIndicator(gateway);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(Endpoint.class)
    static class EndpointConfiguration {

        @Bean
        @ConditionalOnAvailableEndpoint
        GatewayEndpoint sancaGatewayEndpoint(GatewayLifecycle gateway) {
            return new GatewayEndpoint(gateway);
        }
    }
}
