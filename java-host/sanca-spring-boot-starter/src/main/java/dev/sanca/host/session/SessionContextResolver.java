package dev.sanca.host.session;

import jakarta.servlet.http.HttpServletRequest;

/** Reads the {@link SessionContext} of a request. */
public interface SessionContextResolver {
    /** @throws NotSignedInException when nobody is signed in */
    SessionContext resolve(HttpServletRequest request);
}
