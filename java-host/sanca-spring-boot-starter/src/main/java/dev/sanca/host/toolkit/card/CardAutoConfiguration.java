package dev.sanca.host.toolkit.card;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;

/** The card toolkit. */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "sanca.toolkits.card.enabled", matchIfMissing = true)
class CardAutoConfiguration {

    @Bean
    CardToolkit sancaCardToolkit() {
        return new CardToolkit();
    }
}
