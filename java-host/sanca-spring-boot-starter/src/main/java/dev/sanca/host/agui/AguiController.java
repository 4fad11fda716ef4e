package dev.sanca.host.agui;

import dev.sanca.host.HostException;
import dev.sanca.host.access.Approvals;
import dev.sanca.host.engine.Caller;
import dev.sanca.host.engine.EngineClient;
import dev.sanca.host.engine.EngineException;
import dev.sanca.host.engine.EventPlace;
import dev.sanca.host.engine.RunAnswer;
import dev.sanca.host.engine.RunRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** AG-UI 1.0: starts runs and answers interrupts, and shows a session again. A browser that leaves cancels nothing. */
@RestController
class AguiController {
    private static final Logger LOG = LoggerFactory.getLogger(AguiController.class);
    private final EngineClient engine;
    private final Callers callers;
    private final SseStreams streams;
    private final AguiProperties properties;
    private final Approvals approvals;

    AguiController(
            EngineClient engine, Callers callers, SseStreams streams, AguiProperties properties, Approvals approvals) {
        this.approvals = approvals;
        this.engine = engine;
        this.callers = callers;
        this.streams = streams;
        this.properties = properties;
    }

    @PostMapping("/agui")
    void run(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Caller signedIn = callers.asking(request);
        RunAgentInput input = RunAgentInput.parse(body(request));
        Caller caller = new Caller(
                signedIn.principal(), signedIn.traceId(), signedIn.channel(), input.language(signedIn.language()));
        callers.claim(input.threadId(), caller);
        if (input.answer().isPresent()) {
            RunAnswer answer = answer(input, input.answer().get(), caller);
            begin(streams.open(request, response, true), stream -> engine.answer(answer, stream));
        } else {
            RunRequest start = start(input, caller);
            begin(streams.open(request, response, true), stream -> engine.startRun(start, stream));
        }
    }

    @GetMapping("/agui/connect")
    void connect(
            @RequestParam("threadId") String threadId,
            @RequestParam(name = "after", defaultValue = "") String after,
            @RequestHeader(name = "Last-Event-ID", defaultValue = "") String lastSeen,
            HttpServletRequest request,
            HttpServletResponse response) {
        Caller caller = callers.of(request);
        callers.check(threadId, caller);
        EventPlace place = EventIds.place(lastSeen.isEmpty() ? after : lastSeen);
        begin(streams.open(request, response, false), stream -> engine.attachSession(caller, threadId, place, stream));
    }

    private RunRequest start(RunAgentInput input, Caller caller) {
        return new RunRequest(
                caller,
                input.threadId(),
                input.input(properties.maxMessageChars()),
                input.runId(),
                input.messageId(),
                input.page(),
                input.fileIds(),
                input.replacesMessageId());
    }

    private RunAnswer answer(RunAgentInput input, RunAgentInput.Answer answer, Caller caller) {
        boolean approves = approvals.isAsked(answer.interruptId());
        return new RunAnswer(
                caller,
                answer.interruptId(),
                answer.agrees(approves),
                answer.reason(),
                answer.valueJson(),
                input.runId());
    }

    private static void begin(SseStream stream, Start start) {
        try {
            start.into(stream);
        } catch (EngineException error) {
            stream.onFailure(error);
        } catch (HostException error) {
            stream.fail(error);
        } catch (RuntimeException | LinkageError error) { // an open stream would keep the host from stopping
            LOG.error("A run could not be started.", error);
            stream.fail(new HostException("The host failed; its log says more.", error));
        }
    }

    private byte[] body(HttpServletRequest request) throws IOException {
        int limit = (int) properties.maxBody().toBytes();
        byte[] body = request.getInputStream().readNBytes(limit + 1);
        if (body.length > limit) {
            throw new BadInputException(
                    HttpStatus.CONTENT_TOO_LARGE, "The request is larger than " + limit + " bytes: send less.");
        }
        return body;
    }

    private interface Start {
        void into(SseStream stream);
    }
}
