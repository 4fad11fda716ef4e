package dev.sanca.host.agui;

import dev.sanca.host.HostException;
import org.springframework.http.HttpStatus;

/** The request cannot be served as it is; the sentence says why. */
class BadInputException extends HostException {
    private static final long serialVersionUID = 1L;
    private final HttpStatus status;

    BadInputException(String message) {
        this(HttpStatus.BAD_REQUEST, message);
    }

    BadInputException(HttpStatus status, String message) {
        super(message);
        this.status = status;
    }

    HttpStatus status() {
        return status;
    }
}
