package dev.sanca.host.agui;

import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.PageReply;
import dev.sanca.host.engine.RunInfo;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Single runs; the engine refuses those of other users. */
@RestController
@RequestMapping("/api/sanca/runs/{id}")
class RunController {
    private static final int COMMENT_CHARS = 4_000;
    private static final int TARGETS = 200;
    private static final int TEXT_CHARS = 500;
    private final EngineClient engine;
    private final Callers callers;

    RunController(EngineClient engine, Callers callers) {
        this.engine = engine;
        this.callers = callers;
    }

    @GetMapping
    RunInfo get(@PathVariable("id") String id, HttpServletRequest request) {
        return engine.getRun(callers.of(request), RunAgentInput.checkId("The run id", id))
                .join();
    }

    @PostMapping("/cancel")
    RunInfo cancel(@PathVariable("id") String id, HttpServletRequest request) {
        return engine.cancel(callers.of(request), RunAgentInput.checkId("The run id", id))
                .join();
    }

    @PostMapping("/feedback")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void feedback(@PathVariable("id") String id, @RequestBody Feedback feedback, HttpServletRequest request) {
        String thumb = feedback.thumb() == null ? "" : feedback.thumb();
        String comment = feedback.comment() == null ? "" : feedback.comment();
        if (!thumb.equals("up") && !thumb.equals("down")) {
            throw new BadInputException("thumb must be 'up' or 'down'.");
        }
        if (comment.length() > COMMENT_CHARS) {
            throw new BadInputException("A comment has at most " + COMMENT_CHARS + " characters.");
        }
        engine.giveFeedback(callers.of(request), RunAgentInput.checkId("The run id", id), thumb, comment)
                .join();
    }

    @PostMapping("/page")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void page(@PathVariable("id") String id, @RequestBody PageAnswer answer, HttpServletRequest request) {
        engine.pageReply(callers.of(request), RunAgentInput.checkId("The run id", id), answer.reply())
                .join();
    }

    /** What the page did with a command. */
    record PageAnswer(
            @Nullable String commandId,
            @Nullable Boolean ok,
            @Nullable String reason,
            @Nullable String detail,
            @Nullable List<String> targets) {

        PageReply reply() {
            List<String> named = targets == null ? List.of() : targets;
            if (commandId == null || commandId.isEmpty()) {
                throw new BadInputException("commandId must be the id of the command that is answered.");
            }
            return new PageReply(
                    shortened(commandId),
                    Boolean.TRUE.equals(ok),
                    shortened(reason),
                    shortened(detail),
                    named.stream().limit(TARGETS).map(PageAnswer::shortened).toList());
        }

        private static String shortened(@Nullable String text) {
            return text == null ? "" : text.substring(0, Math.min(text.length(), TEXT_CHARS));
        }
    }

    /** Whether a run was good. */
    record Feedback(@Nullable String thumb, @Nullable String comment) {}
}
