package dev.sanca.portal.security;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;

/** Nobody is signed in: a person gets the sign-in page, a program gets 401. */
final class SignInOrRefuse implements AuthenticationEntryPoint {
    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException error)
            throws IOException {
        boolean api = request.getRequestURI().startsWith("/api/")
                || request.getRequestURI().startsWith("/agui");
        if (!api && Refusals.isPage(request)) {
            response.sendRedirect("/login");
        } else {
            Refusals.write(response, HttpStatus.UNAUTHORIZED, "Nobody is signed in: sign in first.");
        }
    }
}
