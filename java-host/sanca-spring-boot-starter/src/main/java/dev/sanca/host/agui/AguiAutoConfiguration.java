package dev.sanca.host.agui;

import dev.sanca.host.access.AccessProperties;
import dev.sanca.host.session.SessionContextResolver;
import dev.sanca.host.session.SessionOwners;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** The page's endpoints. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@EnableConfigurationProperties({AguiProperties.class, FileProperties.class})
@Import({
    AguiController.class,
    SessionController.class,
    RunController.class,
    FileController.class,
    ModelController.class,
    MemoryController.class,
    StatusController.class,
    Problems.class
})
class AguiAutoConfiguration {

    @Bean
    SseStreams sancaSseStreams(AguiProperties properties) {
        return new SseStreams(properties);
    }

    @Bean
    Callers sancaCallers(SessionContextResolver contexts, SessionOwners owners, AccessProperties access) {
        return new Callers(contexts, owners, access);
    }
}
