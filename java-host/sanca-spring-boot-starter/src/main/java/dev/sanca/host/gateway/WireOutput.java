package dev.sanca.host.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a Py4J client is answered: one line with escapes, or counted bytes. */
final class WireOutput {
    private static final int COUNTED_BYTES = 8_192;
    private static final int COPIED_BYTES = 512 * 1024;
    private static final byte[] TEXT = {'!', 'y', 's'};
    private static final byte[] ERROR = {'!', 'x', 's'};
    private final OutputStream out;

    WireOutput(OutputStream out) {
        this.out = out;
    }

    /** Answers without a value. */
    void done(String ability) throws IOException {
        out.write(("!yv" + ability + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Answers a text.
     *
     * @param isCountedWelcome whether who asked understands counted bytes, which a long text is answered as
     */
    void text(String text, boolean isCountedWelcome) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (isCountedWelcome && bytes.length >= COUNTED_BYTES) {
            counted(("!b" + bytes.length + "\n").getBytes(StandardCharsets.US_ASCII), bytes);
        } else {
            line(TEXT, bytes);
        }
    }

    void error(String message) throws IOException {
        line(ERROR, message.getBytes(StandardCharsets.UTF_8));
    }

    /** In one piece, so that who waits wakes once; what is very long is rather not copied. */
    private void counted(byte[] head, byte[] bytes) throws IOException {
        if (bytes.length < COPIED_BYTES) {
            byte[] all = Arrays.copyOf(head, head.length + bytes.length);
            System.arraycopy(bytes, 0, all, head.length, bytes.length);
            out.write(all);
        } else {
            out.write(head);
            out.write(bytes);
        }
    }

    private void line(byte[] head, byte[] bytes) throws IOException {
        byte[] line = new byte[head.length + bytes.length + countEscapes(bytes) + 1];
        System.arraycopy(head, 0, line, 0, head.length);
        int at = head.length;
        for (byte letter : bytes) {
            if (isEscaped(letter)) {
                line[at++] = '\\';
                line[at++] = letter == '\n' ? (byte) 'n' : letter == '\r' ? (byte) 'r' : letter;
            } else {
                line[at++] = letter;
            }
        }
        line[at] = '\n';
        out.write(line);
    }

    private static int countEscapes(byte[] bytes) {
        int count = 0;
        for (byte letter : bytes) {
            count += isEscaped(letter) ? 1 : 0;
        }
        return count;
    }

    /** The library escapes quotes too, which no reader needs. */
    private static boolean isEscaped(byte letter) {
        return letter == '\\' || letter == '\n' || letter == '\r';
    }
}
