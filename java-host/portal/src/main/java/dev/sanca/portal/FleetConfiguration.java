package dev.sanca.portal;

import dev.sanca.host.SancaHome;
import dev.sanca.portal.fault.FaultService;
import dev.sanca.portal.fleet.Fleet;
import dev.sanca.portal.fleet.FleetOperations;
import dev.sanca.portal.fleet.FleetProperties;
import dev.sanca.portal.fleet.FleetSystem;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The fleet, what the toolkit {@code system} sees of it, and what breaks it. */
@Configuration(proxyBeanMethods = false)
class FleetConfiguration {

    @Bean(destroyMethod = "close")
    Fleet fleet(SancaHome home, FleetProperties properties) {
        return Fleet.prepare(home.resolve("fleet"), properties);
    }

    /** The portal answers first; then its services take the processors. */
    @Bean
    ApplicationListener<ApplicationReadyEvent> fleetStart(Fleet fleet) {
        return ready -> fleet.begin();
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
