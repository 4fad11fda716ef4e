package dev.sanca.host.calls;

import dev.sanca.host.calls.Pieces.Limit;
import dev.sanca.host.calls.Pieces.Piece;
import java.util.concurrent.TimeUnit;

/** A JSON list in the making. */
final class ItemList {
    private final StringBuilder json = new StringBuilder("[");
    private final Limit limit;
    private long count;
    private long firstNanos;

    ItemList(Limit limit) {
        this.limit = limit;
    }

    void add(String item) {
        if (count == 0) {
            firstNanos = System.nanoTime();
        } else {
            json.append(',');
        }
        json.append(item);
        count++;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether it holds enough, by number, size or the time since its first item. */
    boolean isFull() {
        return count >= limit.most() || json.length() > limit.chars() || (count > 0 && millisLeft() <= 0);
    }

    /** How long more items may be waited for. */
    long millisLeft() {
        if (count == 0) {
            return limit.firstMillis();
        }
        return limit.restMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - firstNanos);
    }

    Piece piece(boolean more) {
        return new Piece(json.append(']').toString(), count, more);
    }
}
