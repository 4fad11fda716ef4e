package dev.sanca.host.budget;

import dev.sanca.host.ConfigurationException;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Limits of one run.
 *
 * @param callsPerRun tool calls that one run may make
 */
@ConfigurationProperties("sanca.budget")
record BudgetProperties(@DefaultValue("10000") int callsPerRun) {
    BudgetProperties {
        if (callsPerRun < 1) {
            throw new ConfigurationException(
                    "sanca.budget.calls-per-run is " + callsPerRun + ": it must be 1 or more.");
        }
    }
}
