package dev.sanca.host.agui;

import dev.sanca.host.HostException;
import dev.sanca.host.engine.Caller;
import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.FileInfo;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.MediaTypeFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Files into a session and out of it. What comes out is always a download, never shown in the portal's origin. */
@RestController
class FileController {
    private static final int NAME_CHARS = 200;
    private final EngineClient engine;
    private final Callers callers;
    private final FileProperties properties;

    FileController(EngineClient engine, Callers callers, FileProperties properties) {
        this.engine = engine;
        this.callers = callers;
        this.properties = properties;
    }

    @PostMapping("/api/sanca/sessions/{id}/files")
    FileInfo put(@PathVariable("id") String id, @RequestParam("file") MultipartFile file, HttpServletRequest request)
            throws IOException {
        Caller caller = callers.asking(request);
        String name = checkedName(file.getOriginalFilename());
        if (file.getSize() > properties.maxSize().toBytes()) {
            throw new BadInputException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "The file '" + name + "' is larger than "
                            + properties.maxSize().toMegabytes() + " MB.");
        }
        callers.claim(RunAgentInput.checkId("The session id", id), caller);
        String type = MediaTypeFactory.getMediaType(name)
                .orElse(MediaType.APPLICATION_OCTET_STREAM)
                .toString();
        return engine.putFile(caller, id, name, type, file.getInputStream()).join();
    }

    @GetMapping("/api/sanca/files/{fileId}")
    void get(@PathVariable("fileId") String fileId, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Caller caller = callers.of(request);
        try {
            engine.getFile(
                    caller,
                    RunAgentInput.checkId("The file id", fileId),
                    file -> head(file, response),
                    response.getOutputStream());
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
        response.setContentLengthLong(file.sizeBytes());
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader(
                HttpHeaders.CONTENT_DISPOSITION,
                ContentDisposition.attachment()
                        .filename(file.name(), StandardCharsets.UTF_8)
                        .build()
                        .toString());
    }

    private String checkedName(@Nullable String original) {
        String name = original == null
                ? ""
                : original.substring(original.replace('\\', '/').lastIndexOf('/') + 1);
        if (name.isBlank()
                || name.startsWith(".")
                || name.length() > NAME_CHARS
                || name.chars().anyMatch(c -> c < 32)) {
            throw new BadInputException("The file needs a plain name of 1 to " + NAME_CHARS + " characters.");
        }
        String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        if (!properties.types().contains(ending)) {
            throw new BadInputException(
                    HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                    "Files of type '" + ending + "' are not taken; these are: " + String.join(", ", properties.types())
                            + ".");
        }
        return name;
    }
}
