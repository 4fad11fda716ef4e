package dev.sanca.host.toolkit;

import jakarta.validation.Validator;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The registry and what fills it. */
@AutoConfiguration
class ToolkitAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    ToolkitRegistry sancaToolkitRegistry() {
        return new DefaultToolkitRegistry();
    }

    @Bean
    ToolkitFactory sancaToolkitFactory(ObjectProvider<ArgumentChecks> checks) {
        return new ToolkitFactory(checks.getIfAvailable(() -> ArgumentChecks.NONE));
    }

    @Bean
    ToolkitRegistrar sancaToolkitRegistrar(
            ConfigurableListableBeanFactory beans, ToolkitRegistry registry, ToolkitFactory factory) {
        return new ToolkitRegistrar(beans, registry, factory);
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(Validator.class)
    static class ValidationConfiguration {

        @Bean
        ArgumentChecks sancaArgumentChecks(ObjectProvider<Validator> validator) {
            return new BeanValidation(validator::getIfUnique);
        }
    }
}
