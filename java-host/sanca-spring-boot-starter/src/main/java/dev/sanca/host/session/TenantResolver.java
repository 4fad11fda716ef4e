package dev.sanca.host.session;

import jakarta.servlet.http.HttpServletRequest;

/** Says which tenant a request belongs to. A portal with several defines a bean of this type. */
@FunctionalInterface
public interface TenantResolver {
    String tenant(HttpServletRequest request);
}
