package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolFailedException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/** A service's settings file: TOML with one dotted key a line, so a change touches one line and leaves the rest alone. */
public record ConfigFile(String text) {

    /** Values by dotted key, in the order of the file. */
    public Map<String, Object> values() {
        TomlParseResult parsed = Toml.parse(text);
        if (parsed.hasErrors()) {
            throw new ToolFailedException(
                    "The settings are not TOML: " + parsed.errors().get(0).getMessage());
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (String line : text.lines().toList()) {
            Matcher matcher = Pattern.compile("([\\w.]+)\\s*=.*").matcher(line);
            if (matcher.matches()) {
                values.put(matcher.group(1), Objects.requireNonNull(parsed.get(matcher.group(1))));
            }
        }
        return values;
    }

    /** The same file with one value replaced. */
    public ConfigFile with(String key, Object value) {
        String line = key + " = " + literal(value);
        Matcher matcher =
                Pattern.compile("(?m)^" + Pattern.quote(key) + "\\s*=.*$").matcher(text);
        if (!matcher.find()) {
            throw new ToolArgumentException("key", "There is no setting '" + key + "'.");
        }
        return new ConfigFile(text.substring(0, matcher.start()) + line + text.substring(matcher.end()));
    }

    /** The value in the type that the setting has: 2500, 2500.0 and "2500" are one whole number. */
    static Object fitted(String key, @Nullable Object before, Object value) {
        if (before instanceof Long) {
            return wholeNumber(key, value);
        }
        if (before instanceof Boolean && !(value instanceof Boolean)) {
            throw new ToolArgumentException(
                    "value", "The value of '" + key + "' must be true or false, not " + value + ".");
        }
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            return value;
        }
        throw new ToolArgumentException("value", "The value of '" + key + "' must be a text, a number, true or false.");
    }

    private static Long wholeNumber(String key, Object value) {
        try {
            return new BigDecimal(value.toString()).longValueExact();
        } catch (ArithmeticException | NumberFormatException error) {
            throw new ToolArgumentException(
                    "value", "The value of '" + key + "' must be a whole number, not " + value + ".");
        }
    }

    private static String literal(Object value) {
        if (!(value instanceof String text)) {
            return value.toString();
        }
        if (text.chars().anyMatch(each -> each < ' ')) {
            throw new ToolArgumentException("value", "A text setting must not hold control characters.");
        }
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
