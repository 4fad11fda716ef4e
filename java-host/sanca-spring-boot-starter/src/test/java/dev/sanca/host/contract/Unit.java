package dev.sanca.host.contract;

import com.fasterxml.jackson.annotation.JsonProperty;

/** An enum whose constants are named for the wire. */
enum Unit {
    @JsonProperty("ms")
    MILLISECONDS,
    @JsonProperty("s")
    SECONDS
}
