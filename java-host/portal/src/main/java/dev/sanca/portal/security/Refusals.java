package dev.sanca.portal.security;

import dev.sanca.host.HostJson;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;

/** Writes {@code application/problem+json} where no controller is reached. */
final class Refusals {
    private Refusals() {}

    static void write(HttpServletResponse response, HttpStatus status, String detail) throws IOException {
        response.setStatus(status.value());
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.setCharacterEncoding("UTF-8");
        Map<String, Object> problem =
                Map.of("status", status.value(), "title", status.getReasonPhrase(), "detail", detail);
        response.getWriter().write(HostJson.MAPPER.writeValueAsString(problem));
    }

    /** Whether a person looks at it, and not a program. */
    static boolean isPage(HttpServletRequest request) {
        String accept = request.getHeader("Accept");
        return accept != null && accept.contains(MediaType.TEXT_HTML_VALUE);
    }
}
