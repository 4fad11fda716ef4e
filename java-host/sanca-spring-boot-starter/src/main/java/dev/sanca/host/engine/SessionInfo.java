package dev.sanca.host.engine;

/**
 * A session of a user.
 *
 * @param liveRunId a run that is queued, running or waiting; empty: none
 */
public record SessionInfo(String sessionId, String title, String createdAt, String updatedAt, String liveRunId) {}
