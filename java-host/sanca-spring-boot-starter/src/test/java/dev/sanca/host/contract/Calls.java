package dev.sanca.host.contract;

import dev.sanca.host.SancaHome;
import dev.sanca.host.toolkit.Approval;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolStoppedException;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;

/** Tools that take long, fail or change something; what was changed is in {@code effects.log}, a call id a line. */
@ToolkitComponent(name = "calls")
@ConditionalOnBooleanProperty("contract.calls")
class Calls {
    private final SancaHome home;
    private final Map<String, AtomicInteger> tries = new ConcurrentHashMap<>();

    Calls(SancaHome home) {
        this.home = home;
    }

    @ToolMethod(description = "Changes something.", effect = Effect.WRITE, approval = Approval.NEVER)
    public String append(String text, CallContext context) throws IOException {
        write(context.callId() + " " + text);
        return text;
    }

    @ToolMethod(description = "Waits, then changes.", effect = Effect.WRITE, approval = Approval.NEVER)
    public String waitThenAppend(long ms, CallContext context) throws IOException, InterruptedException {
        Thread.sleep(ms);
        write(context.callId());
        return "appended";
    }

    @ToolMethod(
            description = "Changes, then waits.",
            effect = Effect.WRITE,
            approval = Approval.NEVER,
            timeoutSeconds = 2)
    public String appendThenWait(long ms, CallContext context) throws IOException, InterruptedException {
        write(context.callId());
        Thread.sleep(ms);
        return "appended";
    }

    @ToolMethod(
            description = "Says that it changed nothing.",
            effect = Effect.WRITE,
            approval = Approval.NEVER,
            timeoutSeconds = 0.3)
    public String careful(long ms, CallContext context) throws IOException {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException stopped) {
            throw new ToolStoppedException("It was stopped before the change.", stopped);
        }
        write(context.callId());
        return "appended";
    }

    @ToolMethod(
            description = "Does not listen, then changes.",
            effect = Effect.WRITE,
            approval = Approval.NEVER,
            timeoutSeconds = 0.3)
    public String deafAppend(long ms, CallContext context) throws IOException {
        spin(ms);
        write(context.callId());
        return "appended";
    }

    @ToolMethod(
            description = "Changes, and may do so twice.",
            effect = Effect.WRITE,
            idempotent = true,
            approval = Approval.NEVER)
    public String set(long ms, CallContext context) throws IOException, InterruptedException {
        write(context.callId());
        Thread.sleep(ms);
        return "set";
    }

    @ToolMethod(description = "Waits.", timeoutSeconds = 0.3)
    public String briefly(long ms) throws InterruptedException {
        Thread.sleep(ms);
        return "waited";
    }

    @ToolMethod(description = "Waits.")
    public String patiently(long ms) throws InterruptedException {
        Thread.sleep(ms);
        return "waited";
    }

    @ToolMethod(description = "Does not listen.", timeoutSeconds = 0.3)
    public String deaf(long ms) {
        spin(ms);
        return "done";
    }

    @ToolMethod(description = "Fails so many times in a way that passes.")
    public int flaky(int times, CallContext context) {
        int number = tries.computeIfAbsent(context.callId(), id -> new AtomicInteger())
                .incrementAndGet();
        if (number <= times) {
            throw new ToolFailedException("not now", true, null);
        }
        return number;
    }

    @ToolMethod(
            description = "Fails so many times in a way that passes.",
            effect = Effect.WRITE,
            approval = Approval.NEVER)
    public int flakyAppend(int times, CallContext context) throws IOException {
        write(context.callId());
        return flaky(times, context);
    }

    @ToolMethod(description = "Fails while there is a file `broken`.", alternative = "patiently")
    public String moody() {
        if (Files.exists(home.resolve("broken"))) {
            throw new IllegalStateException("the disk is gone");
        }
        return "fine";
    }

    @ToolMethod(description = "Tells its trace.")
    public String trace() {
        return String.valueOf(MDC.get("trace_id"));
    }

    private static void spin(long ms) {
        long end = System.nanoTime() + ms * 1_000_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private synchronized void write(String line) throws IOException {
        try (FileOutputStream out =
                new FileOutputStream(home.resolve("effects.log").toFile(), true)) {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.getFD().sync();
        }
    }
}
