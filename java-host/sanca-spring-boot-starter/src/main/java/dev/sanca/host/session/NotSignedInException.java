package dev.sanca.host.session;

import dev.sanca.host.HostException;

/** Nobody is signed in. */
public class NotSignedInException extends HostException {
    private static final long serialVersionUID = 1L;

    NotSignedInException(String message) {
        super(message);
    }
}
