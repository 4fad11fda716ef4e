package dev.sanca.host.engine;

import java.util.List;

/**
 * What the page says of a command that a run sent it.
 *
 * @param reason why not: {@code not_there}, {@code not_possible} or {@code failed}; empty when it was done
 * @param detail one sentence; may be empty
 * @param targets what there is on the page, when the target is not
 */
public record PageReply(String commandId, boolean ok, String reason, String detail, List<String> targets) {
    public PageReply {
        targets = List.copyOf(targets);
    }
}
