package dev.sanca.host.calls;

import dev.sanca.host.store.HostStore;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.h2.mvstore.MVMap;
import org.jspecify.annotations.Nullable;

/**
 * The durable record of call ids: what was asked under an id, whether it ended, and the answer. An effect is on disk as
 * begun before it runs; a read is written when it ended, with the next second's commit.
 */
final class CallRecord {
    private static final char BEGUN = 'B';
    private static final char FINISHED = 'F';
    private static final int HEAD_CHARS = 65;
    private final HostStore store;
    private final CallProperties properties;
    private final Clock clock;
    private final MVMap<String, String> rows;
    private final MVMap<Long, String> order;
    private final AtomicLong next;

    CallRecord(HostStore store, CallProperties properties, Clock clock) {
        this.store = store;
        this.properties = properties;
        this.clock = clock;
        this.rows = store.map("calls");
        this.order = store.sequence("calls.order");
        Long last = order.lastKey();
        this.next = new AtomicLong(last == null ? 0 : last + 1);
    }

    /** What is known of an id. */
    Optional<Row> find(String callId) {
        String row = rows.get(callId);
        return row == null ? Optional.empty() : Optional.of(Row.parse(row));
    }

    /** An effect begins: returns when the disk has it. */
    void begin(String callId, String digest) {
        store.force(() -> {
            if (rows.put(callId, BEGUN + digest) == null) {
                remember(callId);
            }
        });
    }

    /** An effect ended: returns when it survives the death of this process. */
    void finishEffect(String callId, String digest, String envelope) {
        store.write(() -> rows.put(callId, FINISHED + digest + envelope));
    }

    /** A read ended. Large ones are not kept: a repeated id reads again. */
    void finishRead(String callId, CallDigest digest, String envelope) {
        if (envelope.length() + digest.argumentChars()
                        <= properties.keepReadAnswer().toBytes()
                && rows.put(callId, FINISHED + digest.text() + envelope) == null) {
            remember(callId);
        }
    }

    private void remember(String callId) {
        order.append(next.getAndIncrement(), clock.millis() + " " + callId);
    }

    /** Forgets the oldest ids beyond the limits; called now and then. */
    void prune() {
        long oldest = clock.millis() - properties.keepFor().toMillis();
        Long first = order.firstKey();
        while (first != null) {
            String entry = order.get(first);
            int space = entry == null ? -1 : entry.indexOf(' ');
            boolean tooMany = order.sizeAsLong() > properties.keepCount();
            if (space < 0 || (!tooMany && Long.parseLong(entry.substring(0, space)) > oldest)) {
                return;
            }
            rows.remove(entry.substring(space + 1));
            order.remove(first);
            first = order.firstKey();
        }
    }

    /**
     * One id.
     *
     * @param envelope null: it began and never ended
     */
    record Row(String digest, @Nullable String envelope) {
        static Row parse(String text) {
            String digest = text.substring(1, HEAD_CHARS);
            return new Row(digest, text.charAt(0) == FINISHED ? text.substring(HEAD_CHARS) : null);
        }

        /** Whether the id is answered from here whatever the tool: it ended, and not with a failure that may pass. */
        boolean isFinal() {
            return envelope != null && !CallEnvelope.isRetryable(envelope);
        }

        /** The answer of a call that ended. */
        String answer() {
            return Objects.requireNonNull(envelope);
        }
    }
}
