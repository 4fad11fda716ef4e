package dev.sanca.host.toolkit.card;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolParameter;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One place to go to. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record LinkItem(
        @ToolParameter(description = "What the person reads.")
        String label,

        @ToolParameter(description = "http, https, mailto, or a place in the portal: /orders/17, #/settings.")
        String url,

        @ToolParameter(description = "What is there, in a few words.", required = false) @Nullable String what) {

    /** The same as in the engine: a browser reads a backslash as a slash. */
    private static final Pattern SAFE = Pattern.compile(
            "(https?://[^\\s/\\\\]|mailto:[^\\s\\\\]+@|/([^/\\\\]|$)|#)[^\\s\\\\]*", Pattern.CASE_INSENSITIVE);

    private static final int URL_CHARS = 2_000;

    /** Refuses an address that would run something. */
    void check(int place) {
        if (label.isBlank()) {
            throw new ToolArgumentException("items[" + place + "].label", "A link needs a label.");
        }
        if (url.length() > URL_CHARS || !SAFE.matcher(url).matches()) {
            throw new ToolArgumentException(
                    "items[" + place + "].url",
                    "'" + url.substring(0, Math.min(80, url.length()))
                            + "' is no address that a card may lead to: http, https, mailto, /path or #/place.");
        }
    }
}
