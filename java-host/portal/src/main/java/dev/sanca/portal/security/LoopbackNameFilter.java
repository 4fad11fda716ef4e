package dev.sanca.portal.security;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/** Refuses requests that address the portal by a foreign name: a page of another site may have had its name point here. */
final class LoopbackNameFilter extends OncePerRequestFilter {
    private final List<String> allowed;

    LoopbackNameFilter(List<String> allowed) {
        this.allowed = allowed;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String name = request.getServerName().toLowerCase(Locale.ROOT);
        if (allowed.contains(name) || allowed.contains("[" + name + "]")) {
            chain.doFilter(request, response);
        } else {
            Refusals.write(
                    response,
                    HttpStatus.MISDIRECTED_REQUEST,
                    "This portal is not known by that name: open it as http://127.0.0.1, or add the name to"
                            + " portal.security.allowed-hosts.");
        }
    }
}
