package dev.sanca.host.access;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which of the portal's authorities let a person talk to the agent, and rights that do not come from the portal's sign-in.
 *
 * @param ask the authority that a person needs to talk to the agent
 * @param settings the authority that a person needs to set the agent's models
 * @param knowledge the authority that a person needs to change what the whole tenant remembers: documents, above all
 * @param localRights rights of runs that this host did not start (a terminal); default: only reads; {@code *} stands
 *     for all
 * @param doorRights the most that callers of the engine's doors (other agents, MCP clients) may have here; each has of
 *     these what their own key or token has, too; default: none, so that they may only call what needs no right;
 *     {@code *} stands for all
 * @param doorTenants the tenants that such callers may be of; default: {@code default}
 * @param anonymousUser without Spring Security: the name under which everybody acts; empty: the endpoints refuse
 * @param anonymousRights rights of that user
 */
@ConfigurationProperties("sanca.access")
public record AccessProperties(
        @DefaultValue("sanca:ask") String ask,
        @DefaultValue("sanca:settings") String settings,
        @DefaultValue("knowledge:write") String knowledge,
        @Nullable List<String> localRights,
        @Nullable List<String> doorRights,
        @Nullable List<String> doorTenants,
        @Nullable String anonymousUser,
        @Nullable List<String> anonymousRights) {

    public AccessProperties {
        localRights = localRights == null ? List.of() : List.copyOf(localRights);
        doorRights = doorRights == null ? List.of() : List.copyOf(doorRights);
        doorTenants = doorTenants == null ? List.of("default") : List.copyOf(doorTenants);
        anonymousUser = anonymousUser == null ? "" : anonymousUser.strip();
        anonymousRights = anonymousRights == null ? List.of(ask, "system:read") : List.copyOf(anonymousRights);
    }
}
