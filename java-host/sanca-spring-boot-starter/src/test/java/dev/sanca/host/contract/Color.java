package dev.sanca.host.contract;

import com.fasterxml.jackson.annotation.JsonValue;

/** An enum that is written in its own words. */
enum Color {
    RED("红"),
    LIGHT_BLUE("light blue");

    private final String word;

    Color(String word) {
        this.word = word;
    }

    @JsonValue
    String word() {
        return word;
    }
}
