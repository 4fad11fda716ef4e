package dev.sanca.host.session;

import dev.sanca.host.access.AccessProperties;
import dev.sanca.host.access.Principal;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.util.ClassUtils;

/** The user of Spring Security, whose authorities are the rights; without it the anonymous user, if one is set. */
final class RequestSessionContextResolver implements SessionContextResolver {
    private static final boolean SECURITY = ClassUtils.isPresent(
            "org.springframework.security.core.Authentication", RequestSessionContextResolver.class.getClassLoader());
    private final TenantResolver tenants;
    private final AccessProperties access;

    RequestSessionContextResolver(TenantResolver tenants, AccessProperties access) {
        this.tenants = tenants;
        this.access = access;
    }

    @Override
    public SessionContext resolve(HttpServletRequest request) {
        String tenant = tenants.tenant(request);
        Principal principal = SECURITY ? Signed.principal(request, tenant) : null;
        if (principal == null) {
            principal = anonymous(tenant);
        }
        return new SessionContext(principal, TraceIdFilter.traceId(request), language(request));
    }

    private Principal anonymous(String tenant) {
        if (access.anonymousUser().isEmpty()) {
            throw new NotSignedInException(
                    "Nobody is signed in: sign in first (a portal without a sign-in sets sanca.access.anonymous-user).");
        }
        return new Principal(tenant, access.anonymousUser(), access.anonymousRights());
    }

    private static String language(HttpServletRequest request) {
        return request.getHeader("Accept-Language") == null
                ? ""
                : request.getLocale().toLanguageTag();
    }

    /** Apart, so that the class loads only where Spring Security is. */
    private static final class Signed {
        /** How somebody signed in, not what they may do. */
        private static final String FACTOR = "FACTOR_";

        private Signed() {}

        static @Nullable Principal principal(HttpServletRequest request, String tenant) {
            if (request.getUserPrincipal() instanceof Authentication user && user.isAuthenticated()) {
                List<String> rights = user.getAuthorities().stream()
                        .map(GrantedAuthority::getAuthority)
                        .filter(right -> right != null && !right.startsWith(FACTOR))
                        .toList();
                return new Principal(tenant, user.getName(), rights);
            }
            return null;
        }
    }
}
