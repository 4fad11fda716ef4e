package dev.sanca.host.calls;

import dev.sanca.host.toolkit.ToolResult;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.springframework.core.ReactiveAdapter;
import tools.jackson.databind.JavaType;

/** The items of a reactive stream: asked for a batch at a time, so that it never runs ahead of who reads. */
final class PublisherPieces implements Pieces, Subscriber<Object> {
    private static final int BATCH = 64;
    private static final Object END = new Object();
    private final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();
    private volatile @Nullable Subscription subscription;
    private volatile boolean isClosed;
    private final @Nullable JavaType itemType;
    private int asked;

    private PublisherPieces(@Nullable JavaType itemType) {
        this.itemType = itemType;
    }

    /** Subscribes to what the adapter knows to read. */
    static PublisherPieces of(ReactiveAdapter adapter, @Nullable Object source, @Nullable JavaType itemType) {
        PublisherPieces pieces = new PublisherPieces(itemType);
        Publisher<?> publisher = adapter.toPublisher(source);
        publisher.subscribe(pieces);
        return pieces;
    }

    @Override
    public String kind() {
        return "items";
    }

    @Override
    public Piece read(Limit limit) throws Exception {
        ItemList list = new ItemList(limit);
        while (!list.isFull()) {
            Object next = poll(list.millisLeft());
            if (next == null) {
                return list.piece(true);
            }
            if (next == END) {
                return list.piece(false);
            }
            if (next instanceof Failure failure) {
                return afterFailure(list, failure);
            }
            list.add(ToolResult.write(next, itemType));
        }
        return list.piece(true);
    }

    /** What came before it is given first; who asks again hears of it. */
    private Piece afterFailure(ItemList list, Failure failure) throws Exception {
        if (list.isEmpty()) {
            throw failure.asException();
        }
        queue.add(failure);
        return list.piece(true);
    }

    /** The only item; empty when there is none. */
    Optional<Object> readOne() throws Exception {
        Object next = poll(Long.MAX_VALUE);
        if (next instanceof Failure failure) {
            throw failure.asException();
        }
        return next == null || next == END ? Optional.empty() : Optional.of(next);
    }

    @Override
    public void close() {
        isClosed = true;
        Subscription current = subscription;
        if (current != null) {
            current.cancel();
        }
        queue.clear();
    }

    @Override
    public void onSubscribe(Subscription given) {
        subscription = given;
        if (isClosed) {
            given.cancel();
        }
    }

    @Override
    public void onNext(Object item) {
        queue.add(item);
    }

    @Override
    public void onError(Throwable error) {
        queue.add(new Failure(error));
    }

    @Override
    public void onComplete() {
        queue.add(END);
    }

    private @Nullable Object poll(long millis) throws InterruptedException {
        Subscription current = subscription;
        if (asked == 0 && queue.isEmpty() && current != null) {
            asked = BATCH;
            current.request(BATCH);
        }
        Object next = queue.poll(Math.max(millis, 0), TimeUnit.MILLISECONDS);
        if (next != null && next != END && !(next instanceof Failure)) {
            asked = Math.max(0, asked - 1);
        }
        return next;
    }

    private record Failure(Throwable error) {
        Exception asException() {
            return error instanceof Exception exception ? exception : new IllegalStateException(error);
        }
    }
}
