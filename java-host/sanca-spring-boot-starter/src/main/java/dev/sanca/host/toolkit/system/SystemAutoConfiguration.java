package dev.sanca.host.toolkit.system;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The toolkit {@code system}, once the portal has a {@link ManagedSystem}. */
@AutoConfiguration
class SystemAutoConfiguration {

    @Bean
    @ConditionalOnBean(ManagedSystem.class)
    @ConditionalOnMissingBean
    SystemToolkit sancaSystemToolkit(ManagedSystem system) {
        return new SystemToolkit(system);
    }
}
