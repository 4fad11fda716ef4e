package dev.sanca.host.gateway;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/** A socket that reads at most so many bytes between two calls of {@link #allow}. */
final class BoundedSocket extends Socket {
    private long left;
    private @Nullable InputStream bounded;

    /** From now on so many bytes may come. */
    void allow(long bytes) {
        left = bytes;
    }

    @Override
    public synchronized InputStream getInputStream() throws IOException {
        InputStream current = bounded;
        if (current == null) {
            current = new Bounded(super.getInputStream());
            bounded = current;
        }
        return current;
    }

    private final class Bounded extends FilterInputStream {
        Bounded(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left <= 0) {
                throw new PayloadTooLargeException();
            }
            int count = super.read(buffer, offset, (int) Math.min(length, left));
            left -= Math.max(count, 0);
            return count;
        }
    }

    /** More came than was allowed. */
    static final class PayloadTooLargeException extends IOException {
        private static final long serialVersionUID = 1L;

        PayloadTooLargeException() {
            super("The call is larger than sanca.gateway.max-payload.");
        }
    }
}
