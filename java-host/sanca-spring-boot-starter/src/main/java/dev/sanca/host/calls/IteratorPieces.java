package dev.sanca.host.calls;

import dev.sanca.host.toolkit.ToolJson;
import java.util.Iterator;

/** The items of a stream or iterator, taken only when asked for. */
final class IteratorPieces implements Pieces {
    private final Iterator<?> items;
    private final AutoCloseable source;

    IteratorPieces(Iterator<?> items, AutoCloseable source) {
        this.items = items;
        this.source = source;
    }

    @Override
    public String kind() {
        return "items";
    }

    @Override
    public Piece read(Limit limit) throws InterruptedException {
        ItemList list = new ItemList(limit);
        while (!list.isFull()) {
            if (!items.hasNext()) {
                return list.piece(false);
            }
            list.add(ToolJson.MAPPER.writeValueAsString(items.next()));
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
