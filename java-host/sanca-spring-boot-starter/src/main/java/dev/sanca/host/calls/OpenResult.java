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
    private final Pieces pieces;
    private final ReentrantLock reading = new ReentrantLock();
    private long lastPosition = -1;
    private @Nullable Piece last;
    private long position;
    private volatile boolean isSourceClosed;
    private volatile boolean isClosing;
    private volatile long usedNanos = System.nanoTime();

    OpenResult(String handle, String runId, Pieces pieces) {
        this.handle = handle;
        this.runId = runId;
        this.pieces = pieces;
    }

    String runId() {
        return runId;
    }

    long usedNanos() {
        return usedNanos;
    }

    /** Whether it was read to its end or closed; all that is left of it is its last piece. */
    boolean isOver() {
        return isSourceClosed;
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
            if (from != position || isSourceClosed) {
                throw new ToolArgumentException(
                        "position", "The next piece begins at " + position + ", not at " + from + ".");
            }
            return answer(readOn(limit));
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

    private Piece readOn(Limit limit) throws Exception {
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
        if (isClosing && !isSourceClosed) {
            isSourceClosed = true;
            try {
                pieces.close();
            } catch (Exception error) {
                LOG.warn("A result of run {} could not be closed.", runId, error);
            }
        }
    }

    private PageAnswer answer(Piece piece) {
        return new PageAnswer(handle, pieces.kind(), pieces.isStream(), piece, position, pieces.total());
    }
}
