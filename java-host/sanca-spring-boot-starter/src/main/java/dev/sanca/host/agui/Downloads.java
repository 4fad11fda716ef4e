package dev.sanca.host.agui;

import dev.sanca.host.HostException;
import dev.sanca.host.engine.FileInfo;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/** What comes out is always a download, never shown in the portal's origin. */
final class Downloads {
    private Downloads() {}

    /** Answers with what the engine streams, or with its error as long as nothing has gone out. */
    static void send(HttpServletResponse response, BiConsumer<Consumer<FileInfo>, OutputStream> stream)
            throws IOException {
        try {
            stream.accept(file -> head(file, response), response.getOutputStream());
        } catch (HostException error) {
            if (response.isCommitted()) {
                throw new IOException("The file was cut short.", error);
            }
            response.reset();
            throw error;
        }
    }

    private static void head(FileInfo file, HttpServletResponse response) {
        response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
        if (file.sizeBytes() > 0) { // else it is not known before the end
            response.setContentLengthLong(file.sizeBytes());
        }
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader(
                HttpHeaders.CONTENT_DISPOSITION,
                ContentDisposition.attachment()
                        .filename(file.name(), StandardCharsets.UTF_8)
                        .build()
                        .toString());
    }
}
