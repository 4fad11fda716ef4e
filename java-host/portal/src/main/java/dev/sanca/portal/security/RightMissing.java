package dev.sanca.portal.security;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpStatus;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.csrf.CsrfException;

/** Says in one sentence why a signed-in user may not. */
final class RightMissing implements AccessDeniedHandler {
    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException error)
            throws IOException {
        boolean csrf = error instanceof CsrfException;
        if (csrf && request.getRequestURI().equals("/login") && Refusals.isPage(request)) {
            response.sendRedirect("/login?expired");
            return;
        }
        String detail = csrf
                ? "The request lacks the header X-XSRF-TOKEN with the value of the cookie XSRF-TOKEN."
                : "You do not have the right to do this.";
        Refusals.write(response, HttpStatus.FORBIDDEN, detail);
    }
}
