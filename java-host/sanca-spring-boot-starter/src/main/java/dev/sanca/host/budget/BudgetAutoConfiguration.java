package dev.sanca.host.budget;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** The budget of runs. */
@AutoConfiguration
@EnableConfigurationProperties(BudgetProperties.class)
class BudgetAutoConfiguration {

    @Bean
    RunBudget sancaRunBudget(BudgetProperties properties) {
        return new RunBudget(properties);
    }
}
