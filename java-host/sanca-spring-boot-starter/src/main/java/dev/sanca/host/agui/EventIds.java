package dev.sanca.host.agui;

import dev.sanca.host.engine.EventPlace;
import dev.sanca.host.engine.RunEvent;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ids of server-sent events: {@code <run>:<number>}. Who names the last one seen gets what follows. */
final class EventIds {
    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9][A-Za-z0-9_.:-]{0,255}):([0-9]{1,12})");

    private EventIds() {}

    /** The id of an event; empty for one that comes again. */
    static String of(RunEvent event) {
        return event.seq() > 0 ? event.runId() + ":" + event.seq() : "";
    }

    /** The event that an id names; an empty id names the place before all. */
    static EventPlace place(String id) {
        if (id.isEmpty()) {
            return EventPlace.START;
        }
        Matcher found = FORM.matcher(id);
        if (!found.matches()) {
            throw new BadInputException("The event id must have the form <run>:<number>.");
        }
        return new EventPlace(found.group(1), Long.parseLong(found.group(2)));
    }
}
