package dev.sanca.host.engine;

/**
 * A file of a session.
 *
 * @param direction {@code input} (put in by a person) or {@code output} (written by an action)
 */
public record FileInfo(
        String fileId, String sessionId, String name, long sizeBytes, String mediaType, String direction) {}
