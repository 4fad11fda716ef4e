package dev.sanca.host.calls;

import dev.sanca.host.toolkit.ToolJson;
import java.io.IOException;
import java.io.Reader;

/** The characters of a text. A character of two halves is never cut in two. */
final class TextPieces implements Pieces {
    private static final int BLOCK_CHARS = 8_192;
    private final String kind;
    private final Reader reader;

    /** @param kind {@code text}, or {@code json} where the text is that of a value */
    TextPieces(String kind, Reader reader) {
        this.kind = kind;
        this.reader = reader;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public Piece read(Limit limit) throws IOException {
        long most = limit.chars();
        StringBuilder text = new StringBuilder();
        char[] block = new char[BLOCK_CHARS];
        boolean more = true;
        while (more && text.length() < most) {
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

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
