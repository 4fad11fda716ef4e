package dev.sanca.portal.security;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The portal's doors.
 *
 * @param basic whether HTTP Basic is accepted too: for scripts and tests
 * @param frameAncestors who may show the portal in a frame, as in the CSP directive of that name
 * @param allowedHosts names by which the portal may be addressed; others are refused, against DNS rebinding
 */
@ConfigurationProperties("portal.security")
record SecurityProperties(
        @DefaultValue("false") boolean basic,
        @DefaultValue("'self'") String frameAncestors,
        @DefaultValue({"localhost", "127.0.0.1", "[::1]"}) List<String> allowedHosts) {}
