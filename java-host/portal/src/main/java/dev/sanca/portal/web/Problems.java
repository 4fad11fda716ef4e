package dev.sanca.portal.web;

import dev.sanca.host.HostException;
import dev.sanca.host.toolkit.ToolArgumentException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Our exceptions as {@code application/problem+json} with one sentence. */
@RestControllerAdvice(basePackageClasses = Problems.class)
class Problems {

    @ExceptionHandler
    ProblemDetail host(HostException error) {
        HttpStatus status = HttpStatus.CONFLICT;
        if (error instanceof ToolArgumentException argument) {
            boolean address = "service".equals(argument.argument()) || "id".equals(argument.argument());
            status = address ? HttpStatus.NOT_FOUND : HttpStatus.BAD_REQUEST;
        }
        return ProblemDetail.forStatusAndDetail(status, error.getMessage());
    }

    @ExceptionHandler
    ProblemDetail unreadable(HttpMessageNotReadableException error) {
        return ProblemDetail.forStatusAndDetail(
                HttpStatus.BAD_REQUEST,
                "The body must be JSON like {\"kind\": \"bad_config\", \"seed\": 7, \"count\": 1}.");
    }
}
