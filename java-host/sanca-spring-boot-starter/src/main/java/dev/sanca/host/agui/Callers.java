package dev.sanca.host.agui;

import dev.sanca.host.access.AccessProperties;
import dev.sanca.host.access.Principal;
import dev.sanca.host.engine.Caller;
import dev.sanca.host.session.SessionContext;
import dev.sanca.host.session.SessionContextResolver;
import dev.sanca.host.session.SessionOwners;
import dev.sanca.host.toolkit.ToolDeniedException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;

/** Turns a request into the caller that the engine is told of. */
final class Callers {
    private static final String KNOWLEDGE = "knowledge:write";
    private final SessionContextResolver contexts;
    private final SessionOwners owners;
    private final AccessProperties access;

    Callers(SessionContextResolver contexts, SessionOwners owners, AccessProperties access) {
        this.contexts = contexts;
        this.owners = owners;
        this.access = access;
    }

    /** Whoever is signed in. */
    Caller of(HttpServletRequest request) {
        SessionContext context = contexts.resolve(request);
        return new Caller(context.principal(), context.traceId(), "chat", context.language());
    }

    /** Whoever is signed in and may talk to the agent. */
    Caller asking(HttpServletRequest request) {
        return with(access.ask(), request);
    }

    /** Whoever is signed in and may set models. */
    Caller setting(HttpServletRequest request) {
        return with(access.settings(), request);
    }

    /** Whoever is signed in, for their memory: the engine hears the right to the tenant's by its own name. */
    Caller remembering(HttpServletRequest request) {
        Caller caller = of(request);
        Principal principal = caller.principal();
        List<String> rights = new ArrayList<>(principal.rights());
        rights.remove(KNOWLEDGE);
        if (principal.has(access.knowledge())) {
            rights.add(KNOWLEDGE);
        }
        return new Caller(
                new Principal(principal.tenant(), principal.user(), rights),
                caller.traceId(),
                caller.channel(),
                caller.language());
    }

    /** Whoever is signed in and may change what the whole tenant knows. */
    Caller teaching(HttpServletRequest request) {
        with(access.knowledge(), request);
        return remembering(request);
    }

    private Caller with(String right, HttpServletRequest request) {
        Caller caller = of(request);
        if (!caller.principal().has(right)) {
            throw new ToolDeniedException("The user '" + caller.principal().user() + "' needs the right '" + right
                    + "' for this; an operator can give it.");
        }
        return caller;
    }

    /** Makes a session the caller's if it is new. */
    void claim(String sessionId, Caller caller) {
        owners.claim(sessionId, caller.principal());
    }

    /** Refuses another user's session. */
    void check(String sessionId, Caller caller) {
        owners.check(RunAgentInput.checkId("The session id", sessionId), caller.principal());
    }
}
