package dev.sanca.host.calls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.HostJson;
import dev.sanca.host.access.Approvals;
import dev.sanca.host.access.Digests;
import dev.sanca.host.access.Principal;
import dev.sanca.host.access.RunPrincipals;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolStoppedException;
import dev.sanca.host.toolkit.ToolkitComponent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.context.SecurityContextHolder;
import tools.jackson.databind.JsonNode;

/** Calls through the real beans over a real store, with restarts in between. */
class RecordedToolCallsTests {
    private static final Principal ANN = new Principal("default", "ann", List.of("system:read", "system:change"));

    @TempDir
    Path home;

    private ConfigurableApplicationContext host;

    @BeforeEach
    void start() {
        start(home);
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aRepeatedReadIsAnsweredFromTheRecordAlsoAfterARestart() {
        assertThat(call("count", "{}", "run_l/1").toString()).isEqualTo("{\"ok\":true,\"value\":1,\"replayed\":false}");
        assertThat(call("count", "{}", "run_l/1").toString()).isEqualTo("{\"ok\":true,\"value\":1,\"replayed\":true}");
        restart();
        assertThat(call("count", "{}", "run_l/1").toString()).isEqualTo("{\"ok\":true,\"value\":1,\"replayed\":true}");
        assertThat(call("count", "{}", "run_l/2").path("value").asInt()).isEqualTo(1);
    }

    @Test
    void anEffectRunsOnceAlsoAcrossARestart() {
        approve("run_a/1", "run_a", "write", "{\"text\":\"x\"}");
        assertThat(call("write", "{\"text\":\"x\"}", "run_a/1").path("replayed").asBoolean())
                .isFalse();
        restart();
        assertThat(call("write", "{\"text\":\"x\"}", "run_a/1").path("replayed").asBoolean())
                .isTrue();
        assertThat(kit().written).isEmpty();
    }

    @Test
    void aCallIdWithOtherArgumentsIsAConflict() {
        call("count", "{}", "run_l/1");
        assertThat(kind(call("count", "{ }", "run_l/1"))).isEqualTo("conflict");
        assertThat(kind(call("sleep", "{}", "run_l/1"))).isEqualTo("conflict");
    }

    @Test
    void anEffectCutOffByTheHostsDeathIsUnknownAndNotRunAgain() throws Exception {
        approve("run_a/1", "run_a", "hang", "{}");
        CompletableFuture<JsonNode> first = CompletableFuture.supplyAsync(() -> call("hang", "{}", "run_a/1"));
        assertThat(kit().entered.await(5, TimeUnit.SECONDS)).isTrue();
        Path copy = Files.createDirectories(home.resolve("after-kill"));
        Files.copy(home.resolve("calls.mv.db"), copy.resolve("calls.mv.db"), StandardCopyOption.REPLACE_EXISTING);
        kit().release.countDown();
        first.get(5, TimeUnit.SECONDS);
        host.close();
        start(copy); // the file as a killed host would have left it
        assertThat(kind(call("hang", "{}", "run_a/1"))).isEqualTo("unknown");
        assertThat(status("run_a/1").path("state").asString()).isEqualTo("unknown");
        assertThat(kit().entered.getCount()).isEqualTo(1);
    }

    @Test
    void aCallIdSentAgainWhileItRunsWaitsForTheOneAnswer() throws Exception {
        CompletableFuture<JsonNode> first = CompletableFuture.supplyAsync(() -> call("block", "{}", "run_l/1"));
        assertThat(kit().entered.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(status("run_l/1").path("state").asString()).isEqualTo("running");
        CompletableFuture<JsonNode> second = CompletableFuture.supplyAsync(() -> call("block", "{}", "run_l/1"));
        kit().release.countDown();
        assertThat(first.get(5, TimeUnit.SECONDS).path("value").asInt()).isEqualTo(1);
        assertThat(second.get(5, TimeUnit.SECONDS).path("value").asInt()).isEqualTo(1);
        assertThat(kit().counter.get()).isEqualTo(1);
    }

    @Test
    void cancelInterruptsTheToolAndLaterCallsOfTheThreadAreFine() throws Exception {
        CompletableFuture<JsonNode> call = CompletableFuture.supplyAsync(() -> {
            JsonNode cancelled = call("block", "{}", "run_l/1");
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(call("count", "{}", "run_l/2").path("ok").asBoolean()).isTrue();
            return cancelled;
        });
        assertThat(kit().entered.await(5, TimeUnit.SECONDS)).isTrue();
        calls().cancel("run_l/1");
        assertThat(kind(call.get(5, TimeUnit.SECONDS))).isEqualTo("cancelled");
        assertThat(status("run_l/1").path("state").asString()).isEqualTo("cancelled");
        assertThat(calls().cancel("run_l/2")).contains("\"state\":\"done\"");
    }

    @Test
    void anEffectThatWasInterruptedMayHaveHappenedUnlessTheToolKnowsBetter() throws Exception {
        approve("run_a/1", "run_a", "hang", "{}");
        CompletableFuture<JsonNode> call = CompletableFuture.supplyAsync(() -> call("hang", "{}", "run_a/1"));
        assertThat(kit().entered.await(5, TimeUnit.SECONDS)).isTrue();
        calls().cancel("run_a/1");
        assertThat(kind(call.get(5, TimeUnit.SECONDS))).isEqualTo("unknown");
        assertThat(status("run_a/1").path("state").asString()).isEqualTo("unknown");
        assertThat(status("run_a/1").path("begun").asBoolean()).isTrue();
        approve("run_a/2", "run_a", "careful", "{}");
        JsonNode careful = call("careful", "{}", "run_a/2"); // ends by its time limit
        assertThat(kind(careful)).isEqualTo("timeout");
        assertThat(careful.path("error").path("message").asString()).contains("nothing was changed");
    }

    @Test
    void aCallThatComesAfterItWasCancelledDoesNotBegin() {
        JsonNode asked = HostJson.MAPPER.readTree(calls().cancel("run_l/1"));
        assertThat(asked.path("state").asString()).isEqualTo("cancelled");
        assertThat(asked.path("outcome").path("error").path("message").asString())
                .contains("nothing was done");
        assertThat(kind(call("count", "{}", "run_l/1"))).isEqualTo("cancelled");
        assertThat(kit().counter).hasValue(0);
    }

    @Test
    void anIdThatNeverCameIsToldFromOneThatBegan() throws Exception {
        assertThat(status("run_l/1").toString())
                .isEqualTo("{\"call_id\":\"run_l/1\",\"state\":\"unknown\",\"begun\":false}");
        CallRecord record = host.getBean(CallRecord.class);
        record.begin("run_l/1", "0".repeat(64)); // as a host leaves it that died now
        assertThat(status("run_l/1").path("begun").asBoolean()).isTrue();
    }

    @Test
    void anIdempotentEffectCutOffByTheHostsDeathMayRunAgainUnderItsId() {
        approve("run_a/1", "run_a", "set", "{}");
        host.getBean(CallRecord.class).begin("run_a/1", Digests.ofCall("demo", "set", "{}"));
        assertThat(call("set", "{}", "run_a/1").path("ok").asBoolean()).isTrue();
        assertThat(call("set", "{}", "run_a/1").path("replayed").asBoolean()).isTrue();
        assertThat(kit().counter).hasValue(1);
    }

    @Test
    void aFailureThatMayPassIsNotTheLastWordOfARead() {
        assertThat(kind(call("flaky", "{}", "run_l/1"))).isEqualTo("failed");
        JsonNode second = call("flaky", "{}", "run_l/1");
        assertThat(second.path("ok").asBoolean()).isTrue();
        assertThat(second.path("replayed").asBoolean()).isFalse();
    }

    @Test
    void theTraceIdIsInTheLogContextOfTheToolAndGoneAfterIt() {
        assertThat(call("trace", "{}", "run_l/1", "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"")
                        .path("value")
                        .asString())
                .isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736 run_l/1");
        assertThat(MDC.get("trace_id")).isNull();
    }

    @Test
    void aServiceWithMethodSecurityFindsTheUserWhomTheCallIsFor() {
        principals().record("run_a", ANN);
        assertThat(call("guarded", "{}", "run_a/1").path("value").asString()).isEqualTo("ann");
        JsonNode local = call("guarded", "{}", "run_l/1");
        assertThat(kind(local)).isEqualTo("failed");
        assertThat(local.path("error").path("java_class").asString()).endsWith("AuthorizationDeniedException");
        assertThat(SecurityContextHolder.getContext().getAuthentication()).isNull();
    }

    @Test
    void callsFailuresAndSecondsAreCountedByToolAndOutcome() {
        call("count", "{}", "run_l/1");
        call("count", "{}", "run_l/2");
        call("fail", "{}", "run_l/3");
        MeterRegistry meters = host.getBean(MeterRegistry.class);
        Timer good = meters.get("sanca.tool.calls")
                .tags("tool", "demo.count", "outcome", "ok")
                .timer();
        assertThat(good.count()).isEqualTo(2);
        assertThat(good.totalTime(TimeUnit.NANOSECONDS)).isPositive();
        assertThat(meters.get("sanca.tool.calls")
                        .tags("tool", "demo.fail", "outcome", "failed")
                        .timer()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aToolBeyondItsTimeIsInterrupted() {
        assertThat(kind(call("sleep", "{}", "run_l/1"))).isEqualTo("timeout");
    }

    @Test
    void aFailureCarriesTheJavaClassAndTheFirstFrames() {
        JsonNode error = call("fail", "{}", "run_l/1").path("error");
        assertThat(error.path("kind").asString()).isEqualTo("failed");
        assertThat(error.path("message").asString()).isEqualTo("no such disk");
        assertThat(error.path("java_class").asString()).isEqualTo("java.lang.IllegalStateException");
        assertThat(error.path("stack").path(0).asString()).contains("Kit.fail");
    }

    @Test
    void aRunIsNotAnsweredWithWhatAnotherRunWasTold() {
        principals().record("run_a", ANN);
        principals().record("run_v", new Principal("default", "viewer", List.of("sanca:ask")));
        assertThat(call("secret", "{}", "run_a/1").path("value").asString()).isEqualTo("ann");
        String claim = context("run_a/1", "").replace("\"run_id\":\"run_a\"", "\"run_id\":\"run_v\"");
        JsonNode error = HostJson.MAPPER
                .readTree(calls().call("demo", "secret", "{}", claim))
                .path("error");
        assertThat(error.path("message").asString()).contains("run_a/1 is not one of run run_v");
    }

    @Test
    void theUserWhoStartedTheRunNeedsTheRightWhateverTheEngineClaims() {
        principals().record("run_v", new Principal("default", "viewer", List.of("sanca:ask")));
        JsonNode error =
                call("secret", "{}", "run_v/1", "\"rights\":[\"system:read\"]").path("error");
        assertThat(error.path("kind").asString()).isEqualTo("denied");
        assertThat(error.path("message").asString()).contains("'viewer'").contains("system:read");
        principals().record("run_a", ANN);
        assertThat(call("secret", "{}", "run_a/1").path("value").asString()).isEqualTo("ann");
        restart();
        assertThat(kind(call("secret", "{}", "run_v/1"))).isEqualTo("denied");
    }

    @Test
    void anApprovalHoldsForThatCallToTheByte() {
        principals().record("run_a", ANN);
        String arguments = "{\"text\":\"x\"}";
        assertThat(kind(call("write", arguments, "run_a/1", "\"approved_by\":\"ann\"")))
                .isEqualTo("approval_required");
        approvals().asked("run_a/1", "run_a", "demo", "write", arguments);
        assertThat(kind(call("write", arguments, "run_a/1"))).isEqualTo("approval_required");
        approvals().answered("run_a/1", true, ANN, principals());
        assertThat(kind(call("write", "{\"text\": \"x\"}", "run_a/1"))).isEqualTo("approval_required");
        assertThat(kind(call("write", arguments, "run_a/2"))).isEqualTo("approval_required");
        restart();
        assertThat(call("write", arguments, "run_a/1").path("ok").asBoolean()).isTrue();
        assertThat(kit().written).containsOnlyKeys("x");
    }

    @Test
    void aDeniedCallStaysDeniedAndNobodyElseMayAnswer() {
        principals().record("run_a", ANN);
        approvals().asked("run_a/1", "run_a", "demo", "write", "{\"text\":\"x\"}");
        Principal bob = new Principal("default", "bob", List.of("*"));
        assertThatThrownBy(() -> approvals().answered("run_a/1", true, bob, principals()))
                .hasMessageContaining("Only the user who started the run");
        approvals().answered("run_a/1", false, ANN, principals());
        assertThat(kind(call("write", "{\"text\":\"x\"}", "run_a/1"))).isEqualTo("approval_required");
    }

    @Test
    void aRunThatTheHostDidNotStartMayOnlyReadByDefault() {
        assertThat(call("secret", "{}", "run_l/1").path("value").asString()).isEqualTo("local");
        assertThat(kind(call("write", "{\"text\":\"x\"}", "run_l/2", "\"approved_by\":\"me\"")))
                .isEqualTo("denied");
        host.close();
        start(home, "--sanca.access.local-rights=*");
        assertThat(kind(call("write", "{\"text\":\"x\"}", "run_l/2"))).isEqualTo("approval_required");
        assertThat(call("write", "{\"text\":\"x\"}", "run_l/2", "\"approved_by\":\"me\"")
                        .path("ok")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void aRunThatUsedUpItsBudgetIsRefused() {
        host.close();
        start(home, "--sanca.budget.calls-per-run=2");
        call("count", "{}", "run_l/1");
        call("count", "{}", "run_l/2");
        assertThat(call("count", "{}", "run_l/3").path("error").path("message").asString())
                .contains("used up its 2 tool calls");
        assertThat(call("count", "{}", "run_m/1").path("ok").asBoolean()).isTrue();
    }

    @Test
    void theOldestIdsAreForgottenBeyondTheLimit() {
        host.close();
        start(home, "--sanca.calls.keep-count=2");
        for (int i = 1; i <= 4; i++) {
            call("count", "{}", "run_l/" + i);
        }
        host.getBean(CallRecord.class).prune();
        assertThat(status("run_l/2").path("state").asString()).isEqualTo("unknown");
        assertThat(status("run_l/3").path("state").asString()).isEqualTo("done");
    }

    @Test
    void aContextWithoutAnIdIsRefused() {
        assertThat(calls().call("demo", "count", "{}", "{}")).contains("needs call_id and run_id");
        assertThat(calls().call("demo", "count", "{}", "no json")).contains("\"kind\":\"argument\"");
        assertThat(calls().call("demo", "count", "[1", context("run_l/1", ""))).contains("not JSON");
    }

    private void approve(String callId, String runId, String tool, String arguments) {
        principals().record(runId, ANN);
        approvals().asked(callId, runId, "demo", tool, arguments);
        approvals().answered(callId, true, ANN, principals());
    }

    private JsonNode call(String tool, String arguments, String callId, String... more) {
        String extra = more.length == 0 ? "" : "," + more[0];
        return HostJson.MAPPER.readTree(calls().call("demo", tool, arguments, context(callId, extra)));
    }

    private static String context(String callId, String extra) {
        return "{\"call_id\":\"" + callId + "\",\"run_id\":\"" + callId.substring(0, callId.indexOf('/'))
                + "\",\"session_id\":\"s\",\"tenant\":\"t\",\"user\":\"root\",\"timeout_seconds\":20,\"newer\":1"
                + extra
                + "}";
    }

    private JsonNode status(String callId) {
        return HostJson.MAPPER.readTree(calls().status(callId));
    }

    private static String kind(JsonNode envelope) {
        return envelope.path("error").path("kind").asString("");
    }

    private ToolCalls calls() {
        return host.getBean(ToolCalls.class);
    }

    private RunPrincipals principals() {
        return host.getBean(RunPrincipals.class);
    }

    private Approvals approvals() {
        return host.getBean(Approvals.class);
    }

    private Kit kit() {
        return host.getBean(Kit.class);
    }

    private void restart() {
        host.close();
        start(home);
    }

    private void start(Path folder, String... more) {
        host = new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.engine.enabled=false", "sanca.gateway.port=0")
                .properties("sanca.home=" + folder)
                .run(more);
    }

    @EnableAutoConfiguration
    @EnableMethodSecurity
    static class Host {
        @Bean
        Guarded guarded() {
            return new Guarded();
        }

        @Bean
        Kit kit(Guarded guarded) {
            return new Kit(guarded);
        }
    }

    static class Guarded {
        @PreAuthorize("hasAuthority('system:change')")
        String user() {
            return SecurityContextHolder.getContext().getAuthentication().getName();
        }
    }

    @ToolkitComponent(name = "demo", description = "For tests.")
    static class Kit {
        final AtomicInteger counter = new AtomicInteger();
        final Map<String, String> written = new ConcurrentHashMap<>();
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch release = new CountDownLatch(1);
        private final Guarded guarded;

        Kit(Guarded guarded) {
            this.guarded = guarded;
        }

        @ToolMethod(description = "Asks a guarded service.")
        String guarded() {
            return guarded.user();
        }

        @ToolMethod(description = "Counts.")
        int count() {
            return counter.incrementAndGet();
        }

        @ToolMethod(description = "Who.", right = "system:read")
        String secret(CallContext context) {
            return context.user();
        }

        @ToolMethod(description = "Writes.", effect = Effect.WRITE, right = "system:change")
        String write(String text) {
            written.put(text, text);
            return text;
        }

        @ToolMethod(description = "Writes slowly.", effect = Effect.WRITE)
        int hang() throws InterruptedException {
            return block();
        }

        @ToolMethod(description = "Waits.")
        int block() throws InterruptedException {
            entered.countDown();
            release.await();
            return counter.incrementAndGet();
        }

        @ToolMethod(description = "Too slow.", timeoutSeconds = 0.2)
        void sleep() throws InterruptedException {
            release.await();
        }

        @ToolMethod(description = "Knows.", effect = Effect.WRITE, timeoutSeconds = 0.2)
        void careful() {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException stopped) {
                throw new ToolStoppedException("stopped before the first change", stopped);
            }
        }

        @ToolMethod(description = "Sets.", effect = Effect.WRITE, idempotent = true)
        int set() {
            return counter.incrementAndGet();
        }

        @ToolMethod(description = "Fails once.")
        int flaky() {
            if (counter.incrementAndGet() == 1) {
                throw new ToolFailedException("not now", true, null);
            }
            return counter.get();
        }

        @ToolMethod(description = "Traces.")
        String trace() {
            return MDC.get("trace_id") + " " + MDC.get("call_id");
        }

        @ToolMethod(description = "Fails.")
        void fail() {
            throw new IllegalStateException("no such disk");
        }
    }
}
