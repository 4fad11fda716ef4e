package dev.sanca.host.session;

import dev.sanca.host.access.Principal;

/**
 * Who asks, and by which trace.
 *
 * @param traceId 32 hex digits
 * @param language what the page says it speaks, BCP 47
 */
public record SessionContext(Principal principal, String traceId, String language) {}
