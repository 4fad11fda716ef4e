package dev.sanca.host.toolkit;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Whether the engine waits for a person's answer after the tool returned a card; that answer becomes the call's value. */
public enum Interaction {
    NONE,
    FORM,
    APPROVAL;

    @JsonValue
    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
