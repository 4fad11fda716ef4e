package dev.sanca.host.calls;

import dev.sanca.host.toolkit.CallContext;
import java.util.List;
import org.slf4j.MDC;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.userdetails.User;
import org.springframework.util.ClassUtils;

/**
 * What a tool finds around it while it runs: the log's keys, and, where the portal has Spring Security, the user whom
 * the call is for as the one who is signed in.
 */
final class CallSurroundings {
    private static final String TRACE_KEY = "trace_id";
    private static final String CALL_KEY = "call_id";
    private static final boolean SECURITY = ClassUtils.isPresent(
            "org.springframework.security.core.context.SecurityContextHolder", CallSurroundings.class.getClassLoader());

    private CallSurroundings() {}

    /** Makes them for this thread; what it returns takes them away again. */
    static Runnable make(CallContext context) {
        MDC.put(TRACE_KEY, context.traceId());
        MDC.put(CALL_KEY, context.callId());
        Runnable signOut = SECURITY ? SignedIn.as(context) : () -> {};
        return () -> {
            signOut.run();
            MDC.remove(TRACE_KEY);
            MDC.remove(CALL_KEY);
        };
    }

    /** Apart, so that the class loads only where Spring Security is. */
    private static final class SignedIn {
        private SignedIn() {}

        static Runnable as(CallContext call) {
            SecurityContext before = SecurityContextHolder.getContext();
            List<? extends GrantedAuthority> authorities = call.rights().stream()
                    .filter(right -> !right.isBlank())
                    .map(SimpleGrantedAuthority::new)
                    .toList();
            SecurityContext own = SecurityContextHolder.createEmptyContext();
            User user = new User(call.user(), "", authorities);
            own.setAuthentication(UsernamePasswordAuthenticationToken.authenticated(user, null, authorities));
            SecurityContextHolder.setContext(own);
            return () -> restore(before);
        }

        private static void restore(SecurityContext before) {
            if (before.getAuthentication() == null) {
                SecurityContextHolder.clearContext();
            } else {
                SecurityContextHolder.setContext(before);
            }
        }
    }
}
