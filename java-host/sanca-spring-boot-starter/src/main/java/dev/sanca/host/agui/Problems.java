package dev.sanca.host.agui;

import dev.sanca.host.HostException;
import dev.sanca.host.engine.EngineException;
import dev.sanca.host.session.NotSignedInException;
import dev.sanca.host.session.SessionOwners;
import dev.sanca.host.toolkit.ToolDeniedException;
import java.util.concurrent.CompletionException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.multipart.MaxUploadSizeExceededException;

/** Our exceptions as {@code application/problem+json} with one sentence. */
@RestControllerAdvice(basePackageClasses = Problems.class)
class Problems {
    private final FileProperties files;

    Problems(FileProperties files) {
        this.files = files;
    }

    @ExceptionHandler
    ProblemDetail tooLarge(MaxUploadSizeExceededException error) {
        return ProblemDetail.forStatusAndDetail(
                HttpStatus.CONTENT_TOO_LARGE,
                "The file is larger than " + files.maxSize().toMegabytes() + " MB.");
    }

    @ExceptionHandler
    ProblemDetail host(HostException error) {
        return of(error);
    }

    @ExceptionHandler
    ProblemDetail future(CompletionException error) {
        return error.getCause() instanceof HostException known
                ? of(known)
                : ProblemDetail.forStatusAndDetail(
                        HttpStatus.INTERNAL_SERVER_ERROR, "The host failed; its log says more.");
    }

    static ProblemDetail of(HostException error) {
        return ProblemDetail.forStatusAndDetail(status(error), error.getMessage());
    }

    private static HttpStatus status(HostException error) {
        if (error instanceof BadInputException bad) {
            return bad.status();
        }
        if (error instanceof NotSignedInException) {
            return HttpStatus.UNAUTHORIZED;
        }
        if (error instanceof SessionOwners.NotYourSessionException || error instanceof ToolDeniedException) {
            return HttpStatus.FORBIDDEN;
        }
        if (error instanceof EngineException engine) {
            return switch (engine.kind()) {
                case UNAVAILABLE -> HttpStatus.SERVICE_UNAVAILABLE;
                case INVALID -> HttpStatus.BAD_REQUEST;
                case FORBIDDEN -> HttpStatus.FORBIDDEN;
                case NOT_FOUND -> HttpStatus.NOT_FOUND;
                case REFUSED -> HttpStatus.CONFLICT;
                case FAILED -> HttpStatus.BAD_GATEWAY;
            };
        }
        return HttpStatus.INTERNAL_SERVER_ERROR;
    }
}
