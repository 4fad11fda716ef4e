package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.net.URI;
import java.net.URL;
import java.util.Currency;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Texts, and what is written as text. */
@ToolkitComponent(name = "texts")
class Texts {
    @ToolMethod
    public String text(String value) {
        return value;
    }

    @ToolMethod
    public @Nullable String nullableText(@Nullable String value) {
        return value;
    }

    @ToolMethod
    public CharSequence sequence(CharSequence value) {
        return value;
    }

    @ToolMethod
    public StringBuilder builder(StringBuilder value) {
        return value;
    }

    @ToolMethod
    public char character(char value) {
        return value;
    }

    @ToolMethod
    public Character boxedCharacter(Character value) {
        return value;
    }

    @ToolMethod
    public char[] characters(char[] value) {
        return value;
    }

    @ToolMethod
    public UUID uuid(UUID value) {
        return value;
    }

    @ToolMethod
    public URI uri(URI value) {
        return value;
    }

    @ToolMethod
    public URL url(URL value) {
        return value;
    }

    @ToolMethod
    public Locale locale(Locale value) {
        return value;
    }

    @ToolMethod
    public Currency currency(Currency value) {
        return value;
    }

    @ToolMethod
    public Pattern pattern(Pattern value) {
        return value;
    }

    @ToolMethod
    public Level level(Level value) {
        return value;
    }

    @ToolMethod
    public Color color(Color value) {
        return value;
    }

    @ToolMethod
    public @Nullable Level nullableLevel(@Nullable Level value) {
        return value;
    }

    @ToolMethod
    public Unit unit(Unit value) {
        return value;
    }
}
