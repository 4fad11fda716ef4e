package dev.sanca.host.toolkit.agent;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Another agent that speaks A2A, as the engine is told of it. What is null stays as the engine has it by default.
 *
 * @param url where its agent card lies under {@code /.well-known/}
 * @param headers go with every request to that server and to no other
 * @param timeoutSeconds how long one answer may take
 * @param trust {@code untrusted} (a person agrees to each question, nothing secret goes out), {@code known} or
 *     {@code trusted}
 * @param binding {@code JSONRPC}, {@code HTTP+JSON} or {@code GRPC}; by default what its card prefers
 * @param late whether an answer that takes longer than its time comes later
 * @param lateSeconds how long a late answer is waited for
 * @param cardKey the public key its card must be signed with, in PEM
 * @param requiresSignature whether a card without a good signature is refused
 * @param cardDigest the only card that is taken
 */
public record Agent(
        @Nullable String url,
        @Nullable Map<String, String> headers,
        @Nullable Double timeoutSeconds,
        @Nullable String trust,
        @Nullable String binding,
        @Nullable Boolean late,
        @Nullable Double lateSeconds,
        @Nullable String cardKey,
        @Nullable Boolean requiresSignature,
        @Nullable String cardDigest) {

    /** An agent with no more than an address. */
    public static Agent at(String url) {
        return new Agent(url, null, null, null, null, null, null, null, null, null);
    }

    /** The same one with headers. */
    public Agent withHeaders(Map<String, String> headers) {
        return new Agent(
                url,
                headers,
                timeoutSeconds,
                trust,
                binding,
                late,
                lateSeconds,
                cardKey,
                requiresSignature,
                cardDigest);
    }

    /** The same one, trusted so far. */
    public Agent withTrust(String trust) {
        return new Agent(
                url,
                headers,
                timeoutSeconds,
                trust,
                binding,
                late,
                lateSeconds,
                cardKey,
                requiresSignature,
                cardDigest);
    }
}
