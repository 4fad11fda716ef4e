package dev.sanca.host;

import java.util.Locale;
import java.util.regex.Pattern;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * The JSON between host and engine: snake case, ISO 8601, unknown properties of records refused. Not the portal's own
 * mapper, so that no setting of a portal can change what crosses the wire.
 */
public final class HostJson {
    /** What tools take and give, and the files in the state folder. */
    public static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    /** What the engine says: newer engines may say more. */
    public static final JsonMapper LENIENT = MAPPER.rebuild()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private static final Pattern WORD_START = Pattern.compile("([a-z0-9])([A-Z])");

    private HostJson() {}

    /** {@code sinceMinutes} → {@code since_minutes}. */
    public static String snakeCase(String javaName) {
        return WORD_START.matcher(javaName).replaceAll("$1_$2").toLowerCase(Locale.ROOT);
    }
}
