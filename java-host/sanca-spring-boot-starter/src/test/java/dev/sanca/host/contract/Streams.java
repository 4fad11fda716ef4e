package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;

/** Results that end late, break off, or are large; and what of them is still open. */
@ToolkitComponent(name = "streams")
class Streams {
    private final ConcurrentMap<String, Source> sources = new ConcurrentHashMap<>();
    private final MeterRegistry meters;

    Streams(MeterRegistry meters) {
        this.meters = meters;
    }

    /** What became of a stream. */
    record Source(AtomicLong given, AtomicLong closed) {}

    /** How far a stream was read, and how often it was closed. */
    record Fate(long given, long closed) {}

    @ToolMethod
    public Flux<Long> count(String name) {
        Source source = source(name);
        return Flux.<Long>generate(sink -> sink.next(source.given.getAndIncrement()))
                .doFinally(end -> source.closed.incrementAndGet());
    }

    @ToolMethod
    public Stream<Long> countBlocking(String name) {
        Source source = source(name);
        return Stream.generate(source.given::getAndIncrement).onClose(source.closed::incrementAndGet);
    }

    @ToolMethod
    public Flux<Long> ticks(String name, int millis) {
        Source source = source(name);
        return Flux.interval(Duration.ofMillis(millis))
                .doOnNext(tick -> source.given.incrementAndGet())
                .doFinally(end -> source.closed.incrementAndGet());
    }

    @ToolMethod(timeoutSeconds = 0.5)
    public Flux<Long> silent(String name) {
        Source source = source(name);
        return Flux.<Long>never().doFinally(end -> source.closed.incrementAndGet());
    }

    @ToolMethod(timeoutSeconds = 20)
    public Stream<Integer> stuck(String name) {
        Source source = source(name);
        return IntStream.range(0, 1_000).peek(Streams::pauseAfterMany).boxed().onClose(source.closed::incrementAndGet);
    }

    @ToolMethod
    public Stream<Integer> breaks(int after) {
        return IntStream.range(0, 1_000_000).peek(i -> failAt(i, after)).boxed();
    }

    @ToolMethod
    public List<Map<String, Object>> rows(int count) {
        return IntStream.range(0, count)
                .mapToObj(i ->
                        Map.<String, Object>of("id", i, "name", "服务 " + i, "load", i / 8.0, "note", "x".repeat(60)))
                .toList();
    }

    @ToolMethod
    public byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return bytes;
    }

    @ToolMethod
    public InputStream file(int size) {
        return new ByteArrayInputStream(bytes(size));
    }

    @ToolMethod
    public Reader lines(int count) {
        StringBuilder text = new StringBuilder();
        IntStream.range(0, count).forEach(i -> text.append("第 ").append(i).append(" 行 🐍\n"));
        return new StringReader(text.toString());
    }

    @ToolMethod
    public String chinese(int size) {
        return "数据🐍".repeat(size);
    }

    @ToolMethod
    public Fate fate(String name) {
        Source source = source(name);
        return new Fate(source.given.get(), source.closed.get());
    }

    @ToolMethod
    public double open() {
        Gauge gauge = meters.find("sanca.results.open").gauge();
        return gauge == null ? -1 : gauge.value();
    }

    private Source source(String name) {
        return sources.computeIfAbsent(name, key -> new Source(new AtomicLong(), new AtomicLong()));
    }

    private static void pauseAfterMany(int number) {
        try {
            TimeUnit.SECONDS.sleep(number < 300 ? 0 : 15);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException("stopped", stopped);
        }
    }

    private static void failAt(int number, int after) {
        if (number == after) {
            throw new IllegalStateException("断了 after " + after);
        }
    }
}
