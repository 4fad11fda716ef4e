package dev.sanca.host.toolkit.springai;

import dev.sanca.host.toolkit.Effect;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What Spring AI does not say of a tool.
 *
 * @param tools by the tool's name in actions ({@code open_ticket})
 */
@ConfigurationProperties("sanca.spring-ai")
record SpringAiProperties(@DefaultValue Map<String, Facts> tools) {
    private static final Facts UNSAID = new Facts(Effect.WRITE, false, "", 60, null, null, null);

    /** What is said of a tool; one that nothing is said of counts as a write. */
    Facts of(String tool) {
        Facts said = tools.get(tool);
        return said == null ? tools.getOrDefault(tool.replace('_', '-'), UNSAID) : said;
    }

    /** See {@link dev.sanca.host.toolkit.ToolMethod}. */
    record Facts(
            @DefaultValue("WRITE") Effect effect,
            @DefaultValue("false") boolean idempotent,
            @DefaultValue("") String right,
            @DefaultValue("60") double timeoutSeconds,
            @Nullable String undo,
            @Nullable String alternative,
            @Nullable String verifiedBy) {}
}
