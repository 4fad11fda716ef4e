package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolkitComponent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Map;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;

/** A host that offers every signature, without a web server and an engine. Other processes start it by {@link #main}. */
@EnableAutoConfiguration
@ComponentScan(
        useDefaultFilters = false,
        includeFilters = @Filter(type = FilterType.ANNOTATION, classes = ToolkitComponent.class))
public class ContractHost {

    /** The host's own meters, which a tool of the test reads. */
    @Bean
    MeterRegistry meters() {
        return new SimpleMeterRegistry();
    }

    /**
     * Starts the host, says {@code ready} on a line of its own, and ends when its input does.
     *
     * @param arguments the state folder, then further properties as {@code --name=value}
     */
    public static void main(String[] arguments) throws Exception {
        String[] more = Arrays.copyOfRange(arguments, 1, arguments.length);
        ConfigurableApplicationContext host = start(arguments[0], more);
        System.out.println("ready"); // what the other process waits for
        System.in.transferTo(OutputStream.nullOutputStream());
        host.close();
    }

    /** Starts it in this process. */
    static ConfigurableApplicationContext start(String home, String... more) {
        return new SpringApplicationBuilder(ContractHost.class)
                .web(WebApplicationType.NONE)
                .properties(Map.of(
                        "spring.main.banner-mode", "off",
                        "logging.level.root", "WARN",
                        "logging.console.enabled", "false",
                        "sanca.engine.enabled", "false",
                        "sanca.gateway.port", "0",
                        "sanca.access.local-rights", "*",
                        "sanca.home", home))
                .run(more);
    }
}
