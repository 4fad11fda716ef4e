package dev.sanca.host.agui;

import dev.sanca.host.engine.Caller;
import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.RunInfo;
import dev.sanca.host.engine.SessionInfo;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The user's sessions. */
@RestController
@RequestMapping("/api/sanca/sessions")
class SessionController {
    private static final int LIMIT = 200;
    private static final int TITLE_CHARS = 200;
    private final EngineClient engine;
    private final Callers callers;

    SessionController(EngineClient engine, Callers callers) {
        this.engine = engine;
        this.callers = callers;
    }

    @GetMapping
    List<SessionInfo> list(HttpServletRequest request) {
        return engine.listSessions(callers.of(request), LIMIT).join();
    }

    @PatchMapping("/{id}")
    SessionInfo rename(@PathVariable("id") String id, @RequestBody Title title, HttpServletRequest request) {
        String text = title.title() == null ? "" : title.title().strip();
        if (text.isEmpty() || text.length() > TITLE_CHARS) {
            throw new BadInputException("A title has 1 to " + TITLE_CHARS + " characters.");
        }
        return engine.renameSession(owner(id, request), id, text).join();
    }

    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(@PathVariable("id") String id, HttpServletRequest request) {
        engine.deleteSession(owner(id, request), id).join();
    }

    @GetMapping("/{id}/runs")
    List<RunInfo> runs(@PathVariable("id") String id, HttpServletRequest request) {
        return engine.listRuns(owner(id, request), id, LIMIT).join();
    }

    private Caller owner(String sessionId, HttpServletRequest request) {
        Caller caller = callers.of(request);
        callers.check(sessionId, caller);
        return caller;
    }

    /** A new title. */
    record Title(@Nullable String title) {}
}
