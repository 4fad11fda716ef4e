package dev.sanca.host.engine;

import dev.sanca.host.access.Principal;

/**
 * Who asks, as the host authenticated them.
 *
 * @param traceId 32 hex digits, one from page to tool; empty: none
 * @param channel chat or api
 * @param language of the page, BCP 47
 */
public record Caller(Principal principal, String traceId, String channel, String language) {

    /** Portal code that asks in a user's name. */
    public static Caller api(Principal principal) {
        return new Caller(principal, "", "api", "en");
    }
}
