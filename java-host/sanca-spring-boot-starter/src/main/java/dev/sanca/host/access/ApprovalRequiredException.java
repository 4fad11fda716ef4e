package dev.sanca.host.access;

import dev.sanca.host.toolkit.ToolDeniedException;

/** The host wants an approval that it has not recorded for exactly this call. */
class ApprovalRequiredException extends ToolDeniedException {
    private static final long serialVersionUID = 1L;

    ApprovalRequiredException(String message) {
        super("approval_required", message);
    }
}
