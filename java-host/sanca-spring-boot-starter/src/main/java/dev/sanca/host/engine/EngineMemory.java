package dev.sanca.host.engine;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What the engine remembers of a user and of the user's tenant. Futures fail with an {@link EngineException}. */
public interface EngineMemory {
    CompletableFuture<MemoryPage> search(Caller caller, MemoryQuery query);

    /** Changes an item or adds one; one that was changed meanwhile fails as {@code REFUSED}. */
    CompletableFuture<MemoryItem> edit(Caller caller, MemoryItem.Change change);

    /** Forgets items for good; tells how many there were. */
    CompletableFuture<Long> forget(Caller caller, List<MemoryItem.Key> items);

    /** Forgets all that is kept of the caller. */
    CompletableFuture<Long> forgetEverything(Caller caller);

    /** Forgets a whole document of the tenant's knowledge. */
    CompletableFuture<Long> forgetDocument(Caller caller, String document);

    /** Writes all that is kept of the caller: first what it is, then its bytes, on the calling thread. */
    void export(Caller caller, Consumer<FileInfo> head, OutputStream data);

    /** Adds a document to the tenant's knowledge; reads the stream on the calling thread. */
    CompletableFuture<AddedDocument> addDocument(Caller caller, String name, String mediaType, InputStream data);
}
