package dev.sanca.host.audit;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/** The audit log. */
@AutoConfiguration
class AuditAutoConfiguration {

    @Bean
    AuditLog sancaAuditLog() {
        return new AuditLog();
    }
}
