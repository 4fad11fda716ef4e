package dev.sanca.portal.git;

import dev.sanca.host.HostException;

/** Git refused; the message is its own sentence. */
public class GitException extends HostException {
    private static final long serialVersionUID = 1L;

    GitException(String message) {
        super(message);
    }
}
