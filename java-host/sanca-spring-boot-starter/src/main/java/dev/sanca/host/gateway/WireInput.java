package dev.sanca.host.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a Py4J client sends: lines with escapes, and counted bytes. Reads blocks of bytes, because the library's reader goes
 * through every character several times. Used by one thread.
 */
final class WireInput {
    private static final int BLOCK_BYTES = 8_192;
    private static final int FIRST_COUNTED_BYTES = 1 << 20;
    private final InputStream in;
    private byte[] buffer = new byte[BLOCK_BYTES];
    private int next;
    private int end;

    WireInput(InputStream in) {
        this.in = in;
    }

    /** Waits until something is there. Returns false at the end. */
    boolean hasMore() throws IOException {
        return next < end || fill();
    }

    /** The bytes of the next line without its end, which is a line feed; null: the other side ended before. */
    @Nullable Line line() throws IOException {
        forgetLongLine();
        int looked = next;
        while (true) {
            for (int at = looked; at < end; at++) {
                if (buffer[at] == '\n') {
                    Line line = new Line(buffer, next, at);
                    next = at + 1;
                    return line;
                }
            }
            looked = end - next; // where to go on, seen from the line's begin: it may be moved
            if (!fill()) {
                next = end;
                return null;
            }
            looked += next;
        }
    }

    /** So many bytes as they are; null: the other side ended before. Memory is taken as they come. */
    @Nullable String text(int count) throws IOException {
        int filled = Math.min(count, end - next);
        byte[] bytes = new byte[Math.max(filled, Math.min(count, FIRST_COUNTED_BYTES))];
        System.arraycopy(buffer, next, bytes, 0, filled);
        next += filled;
        while (filled < count) {
            if (filled == bytes.length) {
                bytes = Arrays.copyOf(bytes, count);
            }
            int read = in.read(bytes, filled, bytes.length - filled);
            if (read < 0) {
                return null;
            }
            filled += read;
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Reads what is there. What is not used yet moves to the begin of the buffer, which grows when it is full. */
    private boolean fill() throws IOException {
        if (next > 0) {
            System.arraycopy(buffer, next, buffer, 0, end - next);
            end -= next;
            next = 0;
        }
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        int read = in.read(buffer, end, buffer.length - end);
        end += Math.max(read, 0);
        return read >= 0;
    }

    /** A connection that once read a long line does not keep its memory. */
    private void forgetLongLine() {
        if (buffer.length > BLOCK_BYTES && end - next <= BLOCK_BYTES) {
            buffer = Arrays.copyOfRange(buffer, next, next + BLOCK_BYTES);
            end -= next;
            next = 0;
        }
    }

    /** A line in the buffer: to be used before the next one is read. */
    record Line(byte[] buffer, int begin, int end) {
        boolean is(char only) {
            return end - begin == 1 && buffer[begin] == only;
        }

        boolean isEmpty() {
            return begin == end;
        }

        char first() {
            return (char) buffer[begin];
        }

        /** The text of the line. */
        String text() {
            return new String(buffer, begin, end - begin, StandardCharsets.UTF_8);
        }

        /** The text after the first character, with its escapes undone. */
        String unescaped() {
            int from = begin + 1;
            int at = from;
            while (at < end && buffer[at] != '\\') {
                at++;
            }
            if (at == end) {
                return new String(buffer, from, end - from, StandardCharsets.UTF_8);
            }
            byte[] plain = new byte[end - from];
            int length = at - from;
            System.arraycopy(buffer, from, plain, 0, length);
            for (; at < end; at++) {
                byte letter = buffer[at];
                if (letter == '\\' && ++at < end) {
                    letter = buffer[at] == 'n' ? (byte) '\n' : buffer[at] == 'r' ? (byte) '\r' : buffer[at];
                }
                if (at < end) { // an escape without a letter at the very end says nothing
                    plain[length++] = letter;
                }
            }
            return new String(plain, 0, length, StandardCharsets.UTF_8);
        }

        /** The whole number after the first character; -1: it is none, or too long to be meant. */
        int number() {
            int digits = end - begin - 1;
            if (digits < 1 || digits > 9) {
                return -1;
            }
            int value = 0;
            for (int at = begin + 1; at < end; at++) {
                int digit = buffer[at] - '0';
                if (digit < 0 || digit > 9) {
                    return -1;
                }
                value = value * 10 + digit;
            }
            return value;
        }
    }
}
