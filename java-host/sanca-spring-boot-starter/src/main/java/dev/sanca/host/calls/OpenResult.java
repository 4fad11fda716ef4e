package dev.sanca.host.calls;

import dev.sanca.host.calls.Pieces.Limit;
import dev.sanca.host.calls.Pieces.Piece;
import dev.sanca.host.toolkit.ToolArgumentException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A result of a run that is being read. Remembers its last piece, so that a lost answer can be asked for again. */
final class OpenResult {
    private static final Logger LOG = LoggerFactory.getLogger(OpenResult.class);
    private final String handle;
    private final String runId;
    private final String kind;
    private final boolean isStream;
    private final @Nullable Long total;
    private final ReentrantLock reading = new ReentrantLock();
    private long lastPosition = -1;
    private @Nullable Piece last;
    private long position;
    private volatile @Nullable Pieces source; // null: closed, and what it held is free
    private volatile boolean isClosing;
    private volatile long usedNanos = System.nanoTime();

    OpenResult(String handle, String runId, Pieces pieces) {
        this.handle = handle;
        this.runId = runId;
        this.source = pieces;
        this.kind = pieces.kind();
        this.isStream = pieces.isStream();
        this.total = pieces.total();
    }

    String runId() {
        return runId;
    }

    long usedNanos() {
        return usedNanos;
    }

    /** Whether it was read to its end or closed; all that is left of it is its last piece. */
    boolean isOver() {
        return source == null;
    }

    /**
     * The piece that begins at a position: the next one, or the last one once more.
     *
     * @throws ToolArgumentException for any other position
     */
    PageAnswer read(long from, Limit limit) throws Exception {
        reading.lockInterruptibly();
        try {
            usedNanos = System.nanoTime();
            if (from == lastPosition && last != null) {
                return answer(last);
            }
            Pieces pieces = source;
            if (from != position || pieces == null) {
                throw new ToolArgumentException(
                        "position", "The next piece begins at " + position + ", not at " + from + ".");
            }
            return answer(readOn(pieces, limit));
        } finally {
            usedNanos = System.nanoTime();
            closeIfAsked();
            reading.unlock();
        }
    }

    /** Closes the source now, or as soon as who reads it lets go of it. */
    void close() {
        isClosing = true;
        if (reading.tryLock()) {
            try {
                closeIfAsked();
            } finally {
                reading.unlock();
            }
        }
    }

    private Piece readOn(Pieces pieces, Limit limit) throws Exception {
        boolean isRead = false;
        try {
            Piece piece = pieces.read(limit);
            isRead = true;
            last = piece;
            lastPosition = position;
            position += piece.count();
            isClosing |= !piece.more();
            return piece;
        } finally {
            isClosing |= !isRead;
        }
    }

    private void closeIfAsked() {
        Pieces pieces = source;
        if (isClosing && pieces != null) {
            source = null;
            try {
                pieces.close();
            } catch (Exception error) {
                LOG.warn("A result of run {} could not be closed.", runId, error);
            }
        }
    }

    private PageAnswer answer(Piece piece) {
        return new PageAnswer(handle, kind, isStream, piece, position, total);
    }
}
