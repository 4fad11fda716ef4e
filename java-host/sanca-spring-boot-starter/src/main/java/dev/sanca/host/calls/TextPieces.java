package dev.sanca.host.calls;

import dev.sanca.host.toolkit.ToolJson;
import java.io.IOException;
import java.io.Reader;
import java.util.concurrent.TimeUnit;

/** The characters of a text. A character of two halves is never cut in two. */
final class TextPieces implements Pieces {
    private static final int BLOCK_CHARS = 8_192;
    private final String kind;
    private final Reader reader;
    private final boolean isStream;

    /**
     * Takes where the text comes from.
     *
     * @param kind {@code text}, or {@code json} where the text is that of a value
     * @param isStream whether it comes when it comes
     */
    TextPieces(String kind, Reader reader, boolean isStream) {
        this.kind = kind;
        this.reader = reader;
        this.isStream = isStream;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public boolean isStream() {
        return isStream;
    }

    @Override
    public Piece read(Limit limit) throws IOException {
        long most = limit.chars();
        StringBuilder text = new StringBuilder();
        char[] block = new char[BLOCK_CHARS];
        boolean more = true;
        long startNanos = System.nanoTime();
        while (more && text.length() < most && (text.isEmpty() || isInTime(limit, startNanos))) {
            int count = reader.read(block, 0, (int) Math.min(block.length, most - text.length()));
            more = count >= 0;
            text.append(block, 0, Math.max(count, 0));
        }
        if (more && !text.isEmpty() && Character.isHighSurrogate(text.charAt(text.length() - 1))) {
            int half = reader.read();
            more = half >= 0;
            text.append(more ? Character.toString((char) half) : "");
        }
        return new Piece(ToolJson.MAPPER.writeValueAsString(text.toString()), text.length(), more);
    }

    private static boolean isInTime(Limit limit, long startNanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos) < limit.restMillis();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
