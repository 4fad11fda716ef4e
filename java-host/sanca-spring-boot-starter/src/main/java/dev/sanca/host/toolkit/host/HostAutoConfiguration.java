package dev.sanca.host.toolkit.host;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** The host toolkit. */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "sanca.toolkits.host.enabled", matchIfMissing = true)
class HostAutoConfiguration {

    @Bean
    HostToolkit sancaHostToolkit(Environment environment) {
        return new HostToolkit(environment.getProperty("spring.application.name", "host"));
    }
}
