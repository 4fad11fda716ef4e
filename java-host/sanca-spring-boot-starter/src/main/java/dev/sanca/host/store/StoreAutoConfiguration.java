package dev.sanca.host.store;

import dev.sanca.host.SancaHome;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/** The host's one file. */
@AutoConfiguration
class StoreAutoConfiguration {

    @Bean(destroyMethod = "close")
    HostStore sancaHostStore(SancaHome home) {
        return HostStore.open(home.resolve("calls.mv.db"));
    }
}
