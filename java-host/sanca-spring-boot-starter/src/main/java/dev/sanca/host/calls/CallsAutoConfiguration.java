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
@EnableConfigurationProperties({CallProperties.class, ResultProperties.class})
class CallsAutoConfiguration {

    @Bean
    CallRecord sancaCallRecord(HostStore store, CallProperties properties) {
        return new CallRecord(store, properties, Clock.systemUTC());
    }

    @Bean
    ResultPages sancaResultPages(ResultProperties results, CallProperties calls) {
        return new ResultPages(results, calls);
    }

    @Bean
    RunningCalls sancaRunningCalls(CallRecord record, ResultPages pages) {
        return new RunningCalls(record, pages);
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
            ResultPages pages,
            ObjectProvider<MeterRegistry> registries) {
        Gauge.builder("sanca.tool.calls.running", running, RunningCalls::count)
                .description("Tool calls that run now")
                .register(registries.getIfAvailable(() -> Metrics.globalRegistry));
        Gauge.builder("sanca.results.open", pages, ResultPages::count)
                .description("Results that are read piece by piece now")
                .register(registries.getIfAvailable(() -> Metrics.globalRegistry));
        return new RecordedToolCalls(registry, access, budget, record, running, reporter, pages);
    }
}
