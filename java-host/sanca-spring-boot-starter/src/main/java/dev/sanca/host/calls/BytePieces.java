package dev.sanca.host.calls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The bytes of an input stream, in base64. */
final class BytePieces implements Pieces {
    private static final int BLOCK_BYTES = 8_192;
    private final InputStream in;
    private final @Nullable Long total;

    /** Bytes that come when they come. */
    BytePieces(InputStream in) {
        this.in = in;
        this.total = null;
    }

    /** Bytes that are all there. */
    BytePieces(byte[] bytes) {
        this.in = new ByteArrayInputStream(bytes);
        this.total = (long) bytes.length;
    }

    @Override
    public String kind() {
        return "bytes";
    }

    @Override
    public @Nullable Long total() {
        return total;
    }

    @Override
    public boolean isStream() {
        return total == null;
    }

    @Override
    public Piece read(Limit limit) throws IOException {
        long most = Math.max(1, limit.chars() / 4 * 3);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] block = new byte[BLOCK_BYTES];
        long startNanos = System.nanoTime();
        boolean more = true;
        while (bytes.size() < most && more && isInTime(limit, startNanos, bytes.size())) {
            int count = in.read(block, 0, (int) Math.min(block.length, most - bytes.size()));
            more = count >= 0;
            bytes.write(block, 0, Math.max(count, 0));
        }
        String text = Base64.getEncoder().encodeToString(bytes.toByteArray());
        return new Piece('"' + text + '"', bytes.size(), more);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private static boolean isInTime(Limit limit, long startNanos, int read) {
        return read == 0 || TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos) < limit.restMillis();
    }
}
