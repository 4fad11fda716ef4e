package dev.sanca.host.engine;

import java.util.List;

/**
 * A run to start.
 *
 * @param aguiRunId the id that the page gave; empty: the run's own
 * @param messageId id of the user's message; empty: the engine makes one
 * @param page where the user is
 * @param fileIds files put into the session before
 * @param replacesMessageId edit and resend: messages from this one on are left out; empty: none
 */
public record RunRequest(
        Caller caller,
        String sessionId,
        RunInput input,
        String aguiRunId,
        String messageId,
        Page page,
        List<String> fileIds,
        String replacesMessageId) {

    public RunRequest {
        fileIds = List.copyOf(fileIds);
    }

    /** A message or action without a page. */
    public RunRequest(Caller caller, String sessionId, RunInput input) {
        this(caller, sessionId, input, "", "", Page.NONE, List.of(), "");
    }

    /**
     * The portal page that the user looks at.
     *
     * @param timeZone the browser's, an IANA name; empty: not known
     * @param takesCommands whether it carries out page commands and acknowledges them
     */
    public record Page(String url, String title, String selection, String timeZone, boolean takesCommands) {
        /** No page is known. */
        public static final Page NONE = new Page("", "", "");

        /** A page that takes no commands. */
        public Page(String url, String title, String selection) {
            this(url, title, selection, "", false);
        }
    }
}
