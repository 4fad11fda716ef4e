package dev.sanca.host.session;

import dev.sanca.host.access.AccessProperties;
import dev.sanca.host.store.HostStore;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/** Sessions, tenants and trace ids. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
class SessionAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    TenantResolver sancaTenantResolver() {
        return request -> "default";
    }

    @Bean
    @ConditionalOnMissingBean
    SessionContextResolver sancaSessionContextResolver(TenantResolver tenants, AccessProperties access) {
        return new RequestSessionContextResolver(tenants, access);
    }

    @Bean
    SessionOwners sancaSessionOwners(HostStore store) {
        return new SessionOwners(store);
    }

    @Bean
    FilterRegistrationBean<TraceIdFilter> sancaTraceIdFilter() {
        FilterRegistrationBean<TraceIdFilter> registration = new FilterRegistrationBean<>(new TraceIdFilter());
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 10);
        return registration;
    }
}
