package dev.sanca.host.calls;

import java.util.concurrent.CompletableFuture;

/** A call that runs now. Its thread can be interrupted until {@link #end}, and never after it. */
final class RunningCall {
    /** Why it was interrupted. */
    enum Stop {
        NONE,
        CANCELLED,
        TIMED_OUT
    }

    private final Thread thread = Thread.currentThread();
    private final CallDigest digest;
    private final long startNanos;
    private final long deadlineNanos;
    private final CompletableFuture<String> answer = new CompletableFuture<>();
    private Stop stop = Stop.NONE;
    private boolean interruptible;

    RunningCall(CallDigest digest, double timeoutSeconds) {
        this.digest = digest;
        this.startNanos = System.nanoTime();
        this.deadlineNanos = startNanos + (long) (timeoutSeconds * 1e9);
    }

    CallDigest digest() {
        return digest;
    }

    /** Done when the answer is recorded. */
    CompletableFuture<String> answer() {
        return answer;
    }

    double seconds() {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    boolean isOverdue(long nowNanos) {
        return nowNanos - deadlineNanos > 0;
    }

    /** The tool is about to run. Returns false when it was stopped before. */
    synchronized boolean begin() {
        interruptible = stop == Stop.NONE;
        return interruptible;
    }

    /** Interrupts the tool, or keeps it from beginning. Returns false when it ended or was stopped before. */
    synchronized boolean interrupt(Stop why) {
        if (stop != Stop.NONE || answer.isDone()) {
            return false;
        }
        stop = why;
        if (interruptible) {
            thread.interrupt();
        }
        return true;
    }

    /** The tool ended: from here on the thread is not interrupted. Returns why it was, if it was. */
    synchronized Stop end() {
        interruptible = false;
        Thread.interrupted(); // clears it, so that no later file access of this thread fails
        return stop;
    }
}
