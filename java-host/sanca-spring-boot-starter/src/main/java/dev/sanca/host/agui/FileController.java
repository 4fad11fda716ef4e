package dev.sanca.host.agui;

import dev.sanca.host.engine.Caller;
import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.FileInfo;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Files into a session and out of it. */
@RestController
class FileController {
    private final EngineClient engine;
    private final Callers callers;
    private final Uploads uploads;

    FileController(EngineClient engine, Callers callers, FileProperties properties) {
        this.engine = engine;
        this.callers = callers;
        this.uploads = new Uploads(properties);
    }

    @PostMapping("/api/sanca/sessions/{id}/files")
    FileInfo put(@PathVariable("id") String id, @RequestParam("file") MultipartFile file, HttpServletRequest request)
            throws IOException {
        Caller caller = callers.asking(request);
        String name = uploads.checkedName(file);
        callers.claim(RunAgentInput.checkId("The session id", id), caller);
        return engine.putFile(caller, id, name, Uploads.mediaType(name), file.getInputStream())
                .join();
    }

    @GetMapping("/api/sanca/files/{fileId}")
    void get(@PathVariable("fileId") String fileId, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Caller caller = callers.of(request);
        String id = RunAgentInput.checkId("The file id", fileId);
        Downloads.send(response, (head, data) -> engine.getFile(caller, id, head, data));
    }
}
