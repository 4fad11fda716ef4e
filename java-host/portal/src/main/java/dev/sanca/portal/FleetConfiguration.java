package dev.sanca.portal;

import dev.sanca.host.SancaHome;
import dev.sanca.portal.fault.FaultService;
import dev.sanca.portal.fleet.Fleet;
import dev.sanca.portal.fleet.FleetOperations;
import dev.sanca.portal.fleet.FleetProperties;
import dev.sanca.portal.fleet.FleetSystem;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The fleet, what the toolkit {@code system} sees of it, and what breaks it. */
@Configuration(proxyBeanMethods = false)
class FleetConfiguration {

    @Bean(destroyMethod = "close")
    Fleet fleet(SancaHome home, FleetProperties properties) {
        return Fleet.start(home.resolve("fleet"), properties);
    }

    @Bean
    FleetSystem fleetSystem(Fleet fleet) {
        return new FleetSystem(fleet);
    }

    @Bean
    FaultService faultService(Fleet fleet, FleetSystem system) {
        return new FaultService(new FleetOperations(fleet), system);
    }
}
