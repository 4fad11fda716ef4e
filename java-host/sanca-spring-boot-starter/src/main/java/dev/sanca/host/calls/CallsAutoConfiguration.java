package dev.sanca.host.calls;

import dev.sanca.host.access.AccessRights;
import dev.sanca.host.access.Approvals;
import dev.sanca.host.audit.AuditLog;
import dev.sanca.host.budget.RunBudget;
import dev.sanca.host.store.HostStore;
import dev.sanca.host.toolkit.ToolkitRegistry;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.time.Clock;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Tool calls. */
@AutoConfiguration
@EnableConfigurationProperties(CallProperties.class)
class CallsAutoConfiguration {

    @Bean
    CallRecord sancaCallRecord(HostStore store, CallProperties properties) {
        return new CallRecord(store, properties, Clock.systemUTC());
    }

    @Bean
    RunningCalls sancaRunningCalls(CallRecord record) {
        return new RunningCalls(record);
    }

    @Bean
    CallReporter sancaCallReporter(AuditLog audit, Approvals approvals, ObjectProvider<MeterRegistry> registries) {
        return new CallReporter(audit, approvals, registries.getIfAvailable(() -> Metrics.globalRegistry));
    }

    @Bean
    ToolCalls sancaToolCalls(
            ToolkitRegistry registry,
            AccessRights access,
            RunBudget budget,
            CallRecord record,
            RunningCalls running,
            CallReporter reporter,
            CallProperties properties,
            ObjectProvider<MeterRegistry> registries) {
        Gauge.builder("sanca.tool.calls.running", running, RunningCalls::count)
                .description("Tool calls that run now")
                .register(registries.getIfAvailable(() -> Metrics.globalRegistry));
        return new RecordedToolCalls(registry, access, budget, record, running, reporter, properties);
    }
}
