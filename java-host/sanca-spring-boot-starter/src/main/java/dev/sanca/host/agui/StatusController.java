package dev.sanca.host.agui;

import dev.sanca.host.access.Principal;
import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.EngineInfo;
import dev.sanca.host.engine.EngineState;
import dev.sanca.host.engine.EngineStatus;
import dev.sanca.host.engine.SkillInfo;
import dev.sanca.host.toolkit.ToolkitRegistry;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** What there is and how it stands, for the page. */
@RestController
@RequestMapping("/api/sanca")
class StatusController {
    private static final long HEALTH_SECONDS = 3;
    private final EngineClient engine;
    private final EngineStatus status;
    private final ToolkitRegistry toolkits;
    private final Callers callers;

    StatusController(EngineClient engine, EngineStatus status, ToolkitRegistry toolkits, Callers callers) {
        this.engine = engine;
        this.status = status;
        this.toolkits = toolkits;
        this.callers = callers;
    }

    @GetMapping(value = "/tools", produces = MediaType.APPLICATION_JSON_VALUE)
    byte[] tools(HttpServletRequest request) {
        callers.of(request);
        return toolkits.describe().getBytes(StandardCharsets.UTF_8);
    }

    /** Whoever is signed in, as the agent sees them: the chat inside another portal knows nobody else to ask. */
    @GetMapping("/me")
    Me me(HttpServletRequest request) {
        Principal principal = callers.of(request).principal();
        return new Me(
                principal.user(),
                principal.user(),
                principal.rights().stream().sorted().toList(),
                principal.tenant());
    }

    @GetMapping("/skills")
    List<SkillInfo> skills(HttpServletRequest request) {
        return engine.listSkills(callers.of(request)).join();
    }

    @GetMapping("/status")
    CompletableFuture<Status> status(HttpServletRequest request) {
        callers.of(request);
        EngineState state = status.state();
        return engine.health()
                .orTimeout(HEALTH_SECONDS, TimeUnit.SECONDS)
                .handle((info, error) -> Status.of(state, info));
    }

    /** As the portal's {@code /api/me}. */
    record Me(String user, String displayName, List<String> rights, String tenant) {}

    /** @param details null while the engine does not answer */
    record Status(String engine, String message, @Nullable EngineInfo details) {
        static Status of(EngineState state, @Nullable EngineInfo info) {
            String phase = info != null ? "up" : state.phase().name().toLowerCase(Locale.ROOT);
            return new Status(phase, state.sentence(), info);
        }
    }
}
