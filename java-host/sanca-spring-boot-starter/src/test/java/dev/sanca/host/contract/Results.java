package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a tool can give. */
@ToolkitComponent(name = "results")
class Results {
    @ToolMethod
    public void nothing() {
        // that it was called is all
    }

    @ToolMethod
    public @Nullable String nullText() {
        return null;
    }

    @ToolMethod
    public Optional<String> emptyOptional() {
        return Optional.empty();
    }

    @ToolMethod
    public Stream<String> stream(List<String> value) {
        return value.stream();
    }

    @ToolMethod
    public Stream<Point> streamOfRecords(int count) {
        return IntStream.range(0, count).mapToObj(i -> new Point(i, -i));
    }

    @ToolMethod
    public IntStream intStream(int count) {
        return IntStream.range(0, count);
    }

    @ToolMethod
    public LongStream longStream(int count) {
        return LongStream.range(0, count);
    }

    @ToolMethod
    public DoubleStream doubleStream(int count) {
        return IntStream.range(0, count).mapToDouble(i -> i / 2.0);
    }

    @ToolMethod
    public Iterator<String> iterator(List<String> value) {
        return value.iterator();
    }

    @ToolMethod
    public Stream<Map<String, Point>> streamOfMaps(int count) {
        return IntStream.range(0, count).mapToObj(i -> Map.of("k" + i, new Point(i, i)));
    }

    @ToolMethod
    public Flux<String> flux(List<String> value) {
        return Flux.fromIterable(value);
    }

    @ToolMethod
    public Flux<Integer> endless() {
        return Flux.generate(() -> 0, (i, sink) -> {
            sink.next(i);
            return i + 1;
        });
    }

    @ToolMethod
    public Mono<Point> mono(Point value) {
        return Mono.just(value);
    }

    @ToolMethod
    public Mono<String> emptyMono() {
        return Mono.empty();
    }

    @ToolMethod
    public Publisher<String> publisher(List<String> value) {
        return Flux.fromIterable(value);
    }

    @ToolMethod
    public CompletableFuture<Point> future(Point value) {
        return CompletableFuture.supplyAsync(() -> value);
    }

    @ToolMethod
    public CompletionStage<String> stage(String value) {
        return CompletableFuture.completedStage(value);
    }

    @ToolMethod
    public Future<Integer> plainFuture(int value) {
        return CompletableFuture.completedFuture(value);
    }

    @ToolMethod
    public CompletableFuture<List<Point>> futureList(List<Point> value) {
        return CompletableFuture.completedFuture(value);
    }

    @ToolMethod
    public CompletableFuture<Stream<Integer>> futureStream(int count) {
        return CompletableFuture.completedFuture(IntStream.range(0, count).boxed());
    }

    @ToolMethod
    public InputStream inputStream(byte[] value) {
        return new ByteArrayInputStream(value);
    }

    @ToolMethod
    public Reader reader(String value) {
        return new StringReader(value);
    }

    @ToolMethod
    public InputStream large(int size) {
        return new ByteArrayInputStream("x".repeat(size).getBytes(StandardCharsets.UTF_8));
    }

    @ToolMethod
    public List<String> manyRows(int count) {
        return IntStream.range(0, count).mapToObj(i -> "行 " + i).toList();
    }

    @ToolMethod
    public String longText(int size) {
        return "🐍".repeat(size);
    }

    @ToolMethod
    public Map<String, Object> wide(int count) {
        return Map.of("rows", manyRows(count));
    }

    @ToolMethod(timeoutSeconds = 0.5)
    public CompletableFuture<String> never() {
        return new CompletableFuture<>();
    }

    @ToolMethod
    public String fails(String message) {
        throw new IllegalStateException(message, new RuntimeException("cause"));
    }
}
