package dev.sanca.portal.security;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.authentication.logout.LogoutSuccessHandler;

/** After signing out: the sign-in page for a person, nothing for a program. */
final class SignOutAnswer implements LogoutSuccessHandler {
    @Override
    public void onLogoutSuccess(
            HttpServletRequest request, HttpServletResponse response, @Nullable Authentication authentication)
            throws IOException {
        if (Refusals.isPage(request)) {
            response.sendRedirect("/login?out");
        } else {
            response.setStatus(HttpStatus.NO_CONTENT.value());
        }
    }
}
