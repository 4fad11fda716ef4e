package dev.sanca.host.engine;

import java.util.concurrent.CompletableFuture;

/** A run that goes on in the engine, whoever listens. */
public interface EngineRun {
    String runId();

    /** How it ended: completed with the terminal event, exceptionally when the engine was lost. */
    CompletableFuture<RunResult> result();

    /** Stops it; no effect leaves after that. */
    CompletableFuture<RunInfo> cancel();

    /** Asks the engine how it stands. */
    CompletableFuture<RunInfo> status();
}
