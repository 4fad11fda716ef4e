package dev.sanca.host.calls;

import java.io.InputStream;
import java.io.Reader;
import java.util.Iterator;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ReactiveAdapter;
import tools.jackson.databind.JavaType;

/** A result that is read piece by piece. Used by one thread at a time; {@link #close} ends it early or late, once. */
interface Pieces {
    /** {@code items}: each piece a list; {@code bytes}: base64; {@code text}; {@code json}: parts of the text of a value. */
    String kind();

    /** How many items or bytes there are in all; null: only the end will tell. */
    default @Nullable Long total() {
        return null;
    }

    /** Whether it is a stream, to be read as it comes; otherwise it is one value, to be put together again. */
    default boolean isStream() {
        return true;
    }

    /** The next piece. Waits for what is not there yet and can be interrupted. */
    Piece read(Limit limit) throws Exception;

    /** Lets go of where it comes from. */
    void close() throws Exception;

    /**
     * A part of a result.
     *
     * @param json the part as a JSON value
     * @param count how many items, bytes or characters it holds
     * @param more whether something may follow
     */
    record Piece(String json, long count, boolean more) {}

    /**
     * When a piece is full.
     *
     * @param most items
     * @param chars about the characters of its JSON
     * @param firstMillis how long to wait for its first item
     * @param restMillis how long to go on collecting after it
     */
    record Limit(long most, long chars, long firstMillis, long restMillis) {
        /** Everything up to so many characters, however long it takes. */
        static Limit upTo(long chars) {
            return new Limit(Long.MAX_VALUE, chars, Long.MAX_VALUE, Long.MAX_VALUE);
        }
    }

    /**
     * The pieces of a value that a tool returned; null: it is a value as a whole.
     *
     * @param itemType what its items are written as, where they do not tell
     */
    static @Nullable Pieces of(@Nullable Object value, @Nullable JavaType itemType) {
        if (value instanceof BaseStream<?, ?> stream) {
            return new IteratorPieces(stream.iterator(), stream, itemType);
        }
        if (value instanceof Iterator<?> iterator) {
            return new IteratorPieces(
                    iterator, iterator instanceof AutoCloseable resource ? resource : () -> {}, itemType);
        }
        if (value instanceof InputStream in) {
            return new BytePieces(in);
        }
        if (value instanceof Reader reader) {
            return new TextPieces("text", reader, true);
        }
        ReactiveAdapter adapter = Awaited.reactive(value);
        return adapter != null && adapter.isMultiValue() ? PublisherPieces.of(adapter, value, itemType) : null;
    }

    /** The pieces of bytes that are all there. */
    static Pieces of(byte[] bytes) {
        return new BytePieces(bytes);
    }
}
