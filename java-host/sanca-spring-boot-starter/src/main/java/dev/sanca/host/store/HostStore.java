package dev.sanca.host.store;

import dev.sanca.host.ConfigurationException;
import dev.sanca.host.HostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.LongDataType;
import org.h2.mvstore.type.StringDataType;

/**
 * Named maps in one MVStore file. {@link #write} survives the death of this process, {@link #force} that of the machine;
 * other changes reach the file within a second.
 *
 * <p>Both run on a thread of their own, a group at a time: Java closes a file for good when a thread that reads or
 * writes it is interrupted, and the threads of tool calls are interrupted on cancel.
 */
public final class HostStore implements AutoCloseable {
    private static final int CACHE_MB = 8;
    private static final int CLOSE_MILLIS = 200;
    private final MVStore store;
    private final BlockingQueue<Change> queue = new LinkedBlockingQueue<>();
    private final Thread writer = new Thread(this::writeGroups, "sanca-store");

    private HostStore(MVStore store) {
        this.store = store;
        writer.setDaemon(true);
        writer.start();
    }

    /** Opens or makes the file; it is locked against a second host. */
    public static HostStore open(Path file) {
        try {
            return new HostStore(new MVStore.Builder()
                    .fileName(file.toString())
                    .cacheSize(CACHE_MB)
                    .open());
        } catch (MVStoreException error) {
            throw new ConfigurationException(sentence(file, error), error);
        }
    }

    private static String sentence(Path file, MVStoreException error) {
        if (error.getMessage().contains("locked")) {
            return "The file '" + file + "' is in use by another host: stop that one, or give this one a state folder"
                    + " of its own with sanca.home.";
        }
        return "The record of calls '" + file + "' cannot be opened (" + error.getMessage()
                + "): restore it, or move it away to begin a new one.";
    }

    /** A map from text to text, made if need be. */
    public MVMap<String, String> map(String name) {
        return store.openMap(
                name,
                new MVMap.Builder<String, String>()
                        .keyType(StringDataType.INSTANCE)
                        .valueType(StringDataType.INSTANCE));
    }

    /** A map from number to text, in the order of numbers. */
    public MVMap<Long, String> sequence(String name) {
        return store.openMap(
                name,
                new MVMap.Builder<Long, String>().keyType(LongDataType.INSTANCE).valueType(StringDataType.INSTANCE));
    }

    /** Makes a change and returns when the operating system has it. */
    public void write(Runnable change) {
        await(new Change(change, false, new CompletableFuture<>()));
    }

    /** Makes a change and returns when the disk has it. */
    public void force(Runnable change) {
        await(new Change(change, true, new CompletableFuture<>()));
    }

    @Override
    public void close() {
        await(new Change(() -> {}, true, new CompletableFuture<>()));
        store.close(CLOSE_MILLIS);
        writer.interrupt();
    }

    private void await(Change change) {
        if (store.isClosed()) {
            throw new HostException("The host is stopping.");
        }
        queue.add(change);
        try {
            change.done().join();
        } catch (CompletionException error) {
            throw new HostException(
                    "The host could not write its record of calls ("
                            + error.getCause().getMessage() + "): check the free space of the state folder.",
                    error.getCause());
        }
    }

    private void writeGroups() {
        List<Change> group = new ArrayList<>();
        while (!store.isClosed()) {
            try {
                group.add(queue.take());
            } catch (InterruptedException closed) {
                return;
            }
            queue.drainTo(group);
            write(group);
            group.clear();
        }
    }

    private void write(List<Change> group) {
        try {
            group.forEach(change -> change.action().run());
            store.commit();
            if (group.stream().anyMatch(Change::force)) {
                store.sync(); // only forces what is committed
            }
            group.forEach(change -> change.done().complete(null));
        } catch (RuntimeException error) {
            group.forEach(change -> change.done().completeExceptionally(error));
        }
    }

    private record Change(Runnable action, boolean force, CompletableFuture<Void> done) {}
}
