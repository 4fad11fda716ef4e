package dev.sanca.host.toolkit;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The registry and what fills it. */
@AutoConfiguration
class ToolkitAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    ToolkitRegistry sancaToolkitRegistry() {
        return new DefaultToolkitRegistry();
    }

    @Bean
    ToolkitRegistrar sancaToolkitRegistrar(ConfigurableListableBeanFactory beans, ToolkitRegistry registry) {
        return new ToolkitRegistrar(beans, registry);
    }
}
