package dev.sanca.host.calls;

import dev.sanca.host.toolkit.ToolResult;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;

/** The items of a stream or iterator, taken only when asked for. */
final class IteratorPieces implements Pieces {
    private final Iterator<?> items;
    private final AutoCloseable source;
    private final @Nullable JavaType itemType;
    private @Nullable RuntimeException failure;

    IteratorPieces(Iterator<?> items, AutoCloseable source, @Nullable JavaType itemType) {
        this.items = items;
        this.source = source;
        this.itemType = itemType;
    }

    @Override
    public String kind() {
        return "items";
    }

    @Override
    public Piece read(Limit limit) throws InterruptedException {
        if (failure != null) {
            throw failure;
        }
        ItemList list = new ItemList(limit);
        try {
            return readInto(list);
        } catch (RuntimeException error) {
            if (list.isEmpty()) {
                throw error;
            }
            failure = error; // what came before it is given first; who asks again hears of it
            return list.piece(true);
        }
    }

    private Piece readInto(ItemList list) throws InterruptedException {
        while (!list.isFull()) {
            if (!items.hasNext()) {
                return list.piece(false);
            }
            list.add(ToolResult.write(items.next(), itemType));
            if (Thread.interrupted()) { // a stream that never blocks would not notice
                throw new InterruptedException("The call was stopped while it read the result.");
            }
        }
        return list.piece(true);
    }

    @Override
    public void close() throws Exception {
        source.close();
    }
}
