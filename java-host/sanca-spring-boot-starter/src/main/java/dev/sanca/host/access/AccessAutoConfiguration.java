package dev.sanca.host.access;

import dev.sanca.host.store.HostStore;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Rights and approvals. */
@AutoConfiguration
@EnableConfigurationProperties(AccessProperties.class)
class AccessAutoConfiguration {

    @Bean
    RunPrincipals sancaRunPrincipals(HostStore store) {
        return new RunPrincipals(store);
    }

    @Bean
    Approvals sancaApprovals(HostStore store) {
        return new Approvals(store);
    }

    @Bean
    AccessRights sancaAccessRights(AccessProperties properties, RunPrincipals runs, Approvals approvals) {
        return new AccessRights(properties, runs, approvals);
    }
}
