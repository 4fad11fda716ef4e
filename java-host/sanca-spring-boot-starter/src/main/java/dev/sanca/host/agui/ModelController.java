package dev.sanca.host.agui;

import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.ModelInfo;
import dev.sanca.host.engine.ModelTest;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The engine's models. Keys go in and never come out. */
@RestController
@RequestMapping("/api/sanca/models")
class ModelController {
    private final EngineClient engine;
    private final Callers callers;

    ModelController(EngineClient engine, Callers callers) {
        this.engine = engine;
        this.callers = callers;
    }

    @GetMapping
    List<ModelInfo> list(HttpServletRequest request) {
        return engine.getModels(callers.of(request)).join();
    }

    @PutMapping
    List<ModelInfo> set(@RequestBody Setting setting, HttpServletRequest request) {
        return engine.setModel(callers.setting(request), setting.info(), setting.key())
                .join();
    }

    @DeleteMapping("/{role}")
    List<ModelInfo> remove(@PathVariable("role") String role, HttpServletRequest request) {
        return engine.removeModel(callers.setting(request), role).join();
    }

    @PostMapping("/test")
    ModelTest test(@RequestBody Setting setting, HttpServletRequest request) {
        return engine.testModel(callers.setting(request), setting.info(), setting.key())
                .join();
    }

    /** A model as the settings page sends it. */
    record Setting(
            @Nullable String role,
            @Nullable String kind,
            @Nullable String model,
            @Nullable String baseUrl,
            @Nullable String apiKey) {

        ModelInfo info() {
            return new ModelInfo(text(role), text(kind), text(model), text(baseUrl), false, "");
        }

        String key() {
            return text(apiKey);
        }

        private static String text(@Nullable String value) {
            return value == null ? "" : value.strip();
        }
    }
}
