package dev.sanca.host.agui;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The page's endpoints.
 *
 * @param maxBody the largest RunAgentInput
 * @param maxMessageChars the longest message or action
 * @param keepAlive pause between comments that keep a silent stream open
 */
@ConfigurationProperties("sanca.agui")
record AguiProperties(
        @DefaultValue("2MB") DataSize maxBody,
        @DefaultValue("100000") int maxMessageChars,
        @DefaultValue("15s") Duration keepAlive) {}
