package dev.sanca.host.calls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Results that are read piece by piece, through the call path. */
class ResultPagesTests {
    private final AtomicInteger number = new AtomicInteger();

    @TempDir
    Path home;

    private ConfigurableApplicationContext host;

    @BeforeEach
    void start() {
        start("--sanca.results.inline=4KB");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aStreamIsReadOnlyAsFarAsSomebodyAsks() {
        JsonNode first = call("counting", "{}");
        assertThat(first.path("value").size()).isEqualTo(200);
        assertThat(first.path("page").path("kind").asString()).isEqualTo("items");
        assertThat(first.path("page").path("total").isNull()).isTrue();
        assertThat(kit().pulled.get()).isBetween(200L, 202L);
        JsonNode next = next(first, 200, "\"most\":50");
        assertThat(next.path("value").get(0).asLong()).isEqualTo(200);
        assertThat(next.path("value").size()).isEqualTo(50);
        assertThat(next.path("page").path("next").asLong()).isEqualTo(250);
        assertThat(kit().pulled.get()).isBetween(250L, 253L);
        assertThat(kit().closed).isFalse();
        assertThat(reserved("close", handle(first)).path("ok").asBoolean()).isTrue();
        assertThat(kit().closed).isTrue();
        assertThat(next(first, 250, "\"most\":1").path("error").path("message").asString())
                .contains("is gone");
    }

    @Test
    void aStreamReadToItsEndIsClosedAndItsLastPieceMayBeAskedForAgain() {
        JsonNode first = call("few", "{}");
        assertThat(first.path("value").toString()).isEqualTo("[\"一\",\"二\",\"🐍\"]");
        assertThat(first.path("page").path("more").asBoolean()).isFalse();
        assertThat(kit().closed).isTrue();
        assertThat(next(first, 0, "\"most\":9").path("value").size()).isEqualTo(3);
        assertThat(next(first, 1, "\"most\":9").path("error").path("argument").asString())
                .isEqualTo("position");
    }

    @Test
    void theSamePieceIsGivenAgainWhenItsAnswerWasLost() {
        JsonNode first = call("counting", "{}");
        JsonNode once = next(first, 200, "\"most\":3");
        JsonNode again = next(first, 200, "\"most\":3");
        assertThat(again.path("value")).isEqualTo(once.path("value"));
        assertThat(next(first, 203, "\"most\":1").path("value").get(0).asLong()).isEqualTo(203);
    }

    @Test
    void aReactiveStreamNeverRunsAheadOfWhoReads() {
        JsonNode first = call("flux", "{}");
        assertThat(first.path("value").size()).isEqualTo(200);
        assertThat(kit().pulled.get()).isLessThanOrEqualTo(256);
        JsonNode next = next(first, 200, "\"most\":10");
        assertThat(next.path("value").get(9).asLong()).isEqualTo(209);
        pages().release("run_l");
        assertThat(kit().closed).isTrue();
        assertThat(pages().count()).isZero();
    }

    @Test
    void aSlowReactiveStreamGivesWhatItHas() {
        JsonNode first = call("ticks", "{}");
        assertThat(first.path("value").size()).isBetween(1, 30);
        assertThat(first.path("page").path("more").asBoolean()).isTrue();
    }

    @Test
    void onlyTheRunThatHoldsAResultReadsIt() {
        JsonNode first = call("counting", "{}");
        String arguments = "{\"handle\":\"" + handle(first) + "\",\"position\":200}";
        JsonNode stolen = read(calls().call("sanca.results", "next", arguments, context("run_other/1", true, 10)));
        assertThat(stolen.path("error").path("message").asString()).contains("is gone");
        assertThat(next(first, 200, "\"most\":1").path("ok").asBoolean()).isTrue();
    }

    @Test
    void theEndOfARunClosesAllItHolds() {
        call("counting", "{}");
        call("bytes", "{}");
        assertThat(pages().count()).isEqualTo(2);
        assertThat(reserved("release", "").path("ok").asBoolean()).isTrue();
        assertThat(pages().count()).isZero();
        assertThat(kit().closed).isTrue();
    }

    @Test
    void whatWasReadToItsEndMakesRoomBeforeWhatIsStillRead() {
        restart("--sanca.results.open-per-run=2", "--sanca.results.open=4");
        JsonNode kept = call("counting", "{}");
        call("few", "{}");
        call("few", "{}");
        call("few", "{}");
        assertThat(next(kept, 200, "\"most\":1").path("ok").asBoolean()).isTrue();
        assertThat(pages().count()).isOne();
    }

    @Test
    void theEnvelopeSaysWhetherItIsAStreamOrAValue() {
        assertThat(call("counting", "{}").path("page").path("stream").asBoolean())
                .isTrue();
        assertThat(call("bytes", "{}").path("page").path("stream").asBoolean()).isTrue();
        assertThat(call("rows", "{}").path("page").path("stream").asBoolean(true))
                .isFalse();
        assertThat(call("object", "{}").path("page").path("stream").asBoolean(true))
                .isFalse();
    }

    @Test
    void aRunThatOpensTooManyLosesTheOneItUsedLeastLately() {
        restart("--sanca.results.open-per-run=2", "--sanca.results.open=4");
        JsonNode first = call("counting", "{}");
        JsonNode second = call("counting", "{}");
        next(first, 200, "\"most\":1");
        call("counting", "{}");
        assertThat(pages().count()).isEqualTo(2);
        assertThat(next(first, 201, "\"most\":1").path("ok").asBoolean()).isTrue();
        assertThat(next(second, 200, "\"most\":1").path("ok").asBoolean()).isFalse();
    }

    @Test
    void aResultThatNobodyReadsIsClosedAfterAWhile() {
        restart("--sanca.results.idle=1ms");
        call("counting", "{}");
        long begun = System.nanoTime();
        while (pages().count() > 0
                && System.nanoTime() - begun < Duration.ofSeconds(5).toNanos()) {
            pages().sweep();
        }
        assertThat(kit().closed).isTrue();
    }

    @Test
    void bytesComeInPiecesThatMakeTheWhole() throws Exception {
        JsonNode first = call("bytes", "{}");
        assertThat(first.path("page").path("kind").asString()).isEqualTo("bytes");
        List<byte[]> parts = new ArrayList<>();
        JsonNode page = first;
        while (true) {
            parts.add(Base64.getDecoder().decode(page.path("value").asString()));
            if (!page.path("page").path("more").asBoolean()) {
                break;
            }
            page = next(first, page.path("page").path("next").asLong(), "\"max_chars\":100000");
        }
        int size = parts.stream().mapToInt(part -> part.length).sum();
        assertThat(size).isEqualTo(Kit.BYTES.length);
        assertThat(kit().closed).isTrue();
    }

    @Test
    void textIsNeverCutInsideACharacter() {
        JsonNode first = call("snakes", "{}");
        StringBuilder text = new StringBuilder();
        JsonNode page = first;
        while (true) {
            String part = page.path("value").asString();
            assertThat(Character.isHighSurrogate(part.charAt(part.length() - 1)))
                    .isFalse();
            text.append(part);
            if (!page.path("page").path("more").asBoolean()) {
                break;
            }
            page = next(first, page.path("page").path("next").asLong(), "\"max_chars\":999");
        }
        assertThat(text.toString()).isEqualTo("x" + "🐍".repeat(3_000));
    }

    @Test
    void aLargeListTextOrObjectIsAnsweredInPieces() {
        JsonNode list = call("rows", "{}");
        assertThat(list.path("page").path("total").asLong()).isEqualTo(1_000);
        List<JsonNode> rows = new ArrayList<>(list.path("value").values());
        JsonNode page = list;
        while (page.path("page").path("more").asBoolean()) {
            page = next(list, rows.size(), "\"most\":300");
            rows.addAll(page.path("value").values());
        }
        assertThat(rows).hasSize(1_000);
        assertThat(rows.get(999).path("name").asString()).isEqualTo("row \"999\", [第]");
        JsonNode object = call("object", "{}");
        assertThat(object.path("page").path("kind").asString()).isEqualTo("json");
        String json = object.path("value").asString()
                + next(object, object.path("page").path("next").asLong(), "\"max_chars\":1000000")
                        .path("value")
                        .asString();
        assertThat(read(json).path("rows").size()).isEqualTo(1_000);
    }

    @Test
    void anEngineThatReadsNoPiecesGetsThemWhole() {
        assertThat(whole("few").path("value").size()).isEqualTo(3);
        assertThat(whole("few").has("page")).isFalse();
        assertThat(whole("rows").path("value").size()).isEqualTo(1_000);
        byte[] bytes = Base64.getDecoder().decode(whole("bytes").path("value").asString());
        assertThat(bytes).isEqualTo(Kit.BYTES);
        assertThat(whole("counting").path("error").path("message").asString()).contains("larger than");
        assertThat(pages().count()).isZero();
    }

    @Test
    void whatComesLaterIsWaitedFor() {
        assertThat(call("later", "{}").path("value").asString()).isEqualTo("好");
        assertThat(call("mono", "{}").path("value").asString()).isEqualTo("один");
        assertThat(call("nothing", "{}").path("value").isNull()).isTrue();
        assertThat(call("failing", "{}").path("error").path("java_class").asString())
                .isEqualTo("java.io.IOException");
    }

    @Test
    void whatNeverComesIsCancelledWithTheCallOrAtItsLimit() throws Exception {
        assertThat(call("never", "{}").path("error").path("kind").asString()).isEqualTo("timeout");
        assertThat(kit().never.isCancelled()).isTrue();
        CompletableFuture<JsonNode> waiting = CompletableFuture.supplyAsync(
                () -> read(calls().call("demo", "never_mono", "{}", context("run_l/900", true, 20))));
        assertThat(kit().subscribed.await(5, TimeUnit.SECONDS)).isTrue();
        calls().cancel("run_l/900");
        assertThat(waiting.get(5, TimeUnit.SECONDS).path("error").path("kind").asString())
                .isEqualTo("cancelled");
        assertThat(kit().closed).isTrue();
    }

    @Test
    void aStreamThatFailsInTheMiddleSaysSoAndIsClosed() {
        JsonNode first = call("breaking", "{}");
        JsonNode before = next(first, 200, "\"most\":400");
        assertThat(before.path("value").size()).isEqualTo(100);
        JsonNode error = next(first, 300, "\"most\":400").path("error");
        assertThat(error.path("message").asString()).isEqualTo("row 300 is broken");
        assertThat(kit().closed).isTrue();
        assertThat(pages().count()).isZero();
    }

    private JsonNode call(String tool, String arguments) {
        return read(calls().call("demo", tool, arguments, context(nextId(), true, 10)));
    }

    private JsonNode whole(String tool) {
        return read(calls().call("demo", tool, "{}", context(nextId(), false, 10)));
    }

    private JsonNode next(JsonNode first, long position, String more) {
        String arguments = "{\"handle\":\"" + handle(first) + "\",\"position\":" + position + "," + more + "}";
        return read(calls().call("sanca.results", "next", arguments, context(nextId(), true, 10)));
    }

    private JsonNode reserved(String tool, String handle) {
        ObjectNode arguments = HostJson.MAPPER.createObjectNode();
        if (!handle.isEmpty()) {
            arguments.put("handle", handle);
        }
        return read(calls().call("sanca.results", tool, arguments.toString(), context(nextId(), true, 10)));
    }

    private String nextId() {
        return "run_l/" + number.incrementAndGet();
    }

    private static String handle(JsonNode answer) {
        return answer.path("page").path("handle").asString();
    }

    private static String context(String callId, boolean pages, int seconds) {
        return "{\"call_id\":\"" + callId + "\",\"run_id\":\"" + callId.substring(0, callId.indexOf('/'))
                + "\",\"session_id\":\"s\",\"timeout_seconds\":" + seconds + ",\"pages\":" + pages + "}";
    }

    private static JsonNode read(String json) {
        return HostJson.MAPPER.readTree(json);
    }

    private ToolCalls calls() {
        return host.getBean(ToolCalls.class);
    }

    private ResultPages pages() {
        return host.getBean(ResultPages.class);
    }

    private Kit kit() {
        return host.getBean(Kit.class);
    }

    private void restart(String... more) {
        host.close();
        start(more);
    }

    private void start(String... more) {
        host = new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.engine.enabled=false", "sanca.gateway.port=0")
                .properties("sanca.home=" + home)
                .run(more);
    }

    @EnableAutoConfiguration
    static class Host {
        @Bean
        Kit kit() {
            return new Kit();
        }
    }

    @ToolkitComponent(name = "demo", description = "For tests.")
    static class Kit {
        static final byte[] BYTES = "0123456789\n\0é".repeat(20_000).getBytes(StandardCharsets.UTF_8);
        final AtomicLong pulled = new AtomicLong();
        final AtomicBoolean closed = new AtomicBoolean();
        final CompletableFuture<String> never = new CompletableFuture<>();
        final CountDownLatch subscribed = new CountDownLatch(1);

        @ToolMethod(description = "Counts for ever.")
        Stream<Long> counting() {
            return Stream.generate(pulled::getAndIncrement).onClose(() -> closed.set(true));
        }

        @ToolMethod(description = "A few.")
        Stream<String> few() {
            return Stream.of("一", "二", "🐍").onClose(() -> closed.set(true));
        }

        @ToolMethod(description = "Breaks.")
        Stream<Integer> breaking() {
            return IntStream.iterate(0, i -> i + 1)
                    .boxed()
                    .peek(i -> {
                        if (i == 300) {
                            throw new IllegalStateException("row 300 is broken");
                        }
                    })
                    .onClose(() -> closed.set(true));
        }

        @ToolMethod(description = "Reactive.")
        Flux<Long> flux() {
            return Flux.<Long>generate(sink -> sink.next(pulled.getAndIncrement()))
                    .doFinally(signal -> closed.set(true));
        }

        @ToolMethod(description = "Slow.")
        Flux<Long> ticks() {
            return Flux.interval(Duration.ofMillis(50)).onBackpressureDrop();
        }

        @ToolMethod(description = "Bytes.")
        InputStream bytes() {
            return new ByteArrayInputStream(BYTES) {
                @Override
                public void close() {
                    closed.set(true);
                }
            };
        }

        @ToolMethod(description = "Text.")
        Reader snakes() {
            return new StringReader("x" + "🐍".repeat(3_000));
        }

        @ToolMethod(description = "Rows.")
        List<Map<String, Object>> rows() {
            return IntStream.range(0, 1_000)
                    .<Map<String, Object>>mapToObj(i -> Map.of("name", "row \"" + i + "\", [第]"))
                    .toList();
        }

        @ToolMethod(description = "Object.")
        Map<String, Object> object() {
            return Map.of("rows", rows());
        }

        @ToolMethod(description = "Later.")
        CompletableFuture<String> later() {
            return CompletableFuture.supplyAsync(() -> "好");
        }

        @ToolMethod(description = "One.")
        Mono<String> mono() {
            return Mono.delay(Duration.ofMillis(5)).map(tick -> "один");
        }

        @ToolMethod(description = "None.")
        Mono<Void> nothing() {
            return Mono.empty();
        }

        @ToolMethod(description = "Fails.")
        CompletableFuture<String> failing() {
            return CompletableFuture.failedFuture(new java.io.IOException("no"));
        }

        @ToolMethod(description = "Never.", timeoutSeconds = 0.3)
        CompletableFuture<String> never() {
            return never;
        }

        @ToolMethod(description = "Never.")
        Mono<String> neverMono() {
            return Mono.<String>never()
                    .doOnSubscribe(s -> subscribed.countDown())
                    .doOnCancel(() -> closed.set(true));
        }
    }
}
