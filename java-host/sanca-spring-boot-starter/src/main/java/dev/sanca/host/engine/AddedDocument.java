package dev.sanca.host.engine;

import java.util.List;

/**
 * A document that was added to the tenant's knowledge.
 *
 * @param document its name, which names it in what is recalled too
 * @param unchanged the same text was there already
 * @param remarks contradictions with what is known, parts that could not be read
 */
public record AddedDocument(String document, int pieces, boolean unchanged, List<String> remarks) {}
