package dev.sanca.host.engine;

/** What a run begins with. */
public sealed interface RunInput {
    /** A person's words. */
    record Message(String text) implements RunInput {}

    /** A person's own Python; it runs in the same sandbox and gate. */
    record Action(String code) implements RunInput {}

    /** A click on a card. */
    record Click(String surfaceId, String name, String contextJson) implements RunInput {}

    /** Go on with a run that was interrupted. */
    record Continue(String runId) implements RunInput {}
}
