package dev.sanca.host;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** The state folder. Each feature package has an auto-configuration of its own. */
@AutoConfiguration
@EnableConfigurationProperties(SancaProperties.class)
class SancaAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    SancaHome sancaHome(SancaProperties properties) {
        return SancaHome.at(properties.home());
    }
}
