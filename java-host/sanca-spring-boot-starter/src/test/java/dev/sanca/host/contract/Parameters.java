package dev.sanca.host.contract;

import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolParameter;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How arguments are named, left out and filled in. */
@ToolkitComponent(name = "parameters")
class Parameters {
    @ToolMethod
    public String none() {
        return "nothing";
    }

    @ToolMethod
    public List<Object> ten(
            String a, int b, long c, double d, boolean e, Level f, BigDecimal g, LocalDate h, List<String> i, Point j) {
        return List.of(a, b, c, d, e, f, g, h, i, j);
    }

    @ToolMethod
    public int defaultInt(@ToolParameter(defaultValue = "15") int value) {
        return value;
    }

    @ToolMethod
    public long defaultLong(@ToolParameter(defaultValue = "9007199254740993") long value) {
        return value;
    }

    @ToolMethod
    public double defaultDouble(@ToolParameter(defaultValue = "0.1") double value) {
        return value;
    }

    @ToolMethod
    public boolean defaultTruth(@ToolParameter(defaultValue = "true") boolean value) {
        return value;
    }

    @ToolMethod
    public String defaultText(@ToolParameter(defaultValue = "你好 🐍") String value) {
        return value;
    }

    @ToolMethod
    public String defaultEmptyText(@ToolParameter(defaultValue = "") String value) {
        return value;
    }

    @ToolMethod
    public Level defaultEnum(@ToolParameter(defaultValue = "WARN") Level value) {
        return value;
    }

    @ToolMethod
    public BigDecimal defaultDecimal(@ToolParameter(defaultValue = "0.10") BigDecimal value) {
        return value;
    }

    @ToolMethod
    public LocalDate defaultDate(@ToolParameter(defaultValue = "2026-01-31") LocalDate value) {
        return value;
    }

    @ToolMethod
    public List<String> defaultList(@ToolParameter(defaultValue = "[\"a\"]") List<String> value) {
        return value;
    }

    @ToolMethod
    public Point defaultRecord(@ToolParameter(defaultValue = "{\"x\":1,\"y\":2}") Point value) {
        return value;
    }

    @ToolMethod
    public Optional<String> optionalText(Optional<String> value) {
        return value;
    }

    @ToolMethod
    public Optional<Integer> optionalInt(Optional<Integer> value) {
        return value;
    }

    @ToolMethod
    public Optional<List<Point>> optionalList(Optional<List<Point>> value) {
        return value;
    }

    @ToolMethod
    public @Nullable List<String> notRequired(@ToolParameter(required = false) @Nullable List<String> value) {
        return value;
    }

    @ToolMethod
    public String contextOnly(CallContext context) {
        return context.runId();
    }

    @ToolMethod
    public List<String> contextBetween(String before, CallContext context, String after) {
        return List.of(before, context.user(), after);
    }

    @ToolMethod
    public List<String> ownNames(
            @ToolParameter(name = "from") String source, @ToolParameter(name = "lambda") String function) {
        return List.of(source, function);
    }

    @ToolMethod
    public int manyWordsInOneName(int sinceManyMinutesAgo) {
        return sinceManyMinutesAgo;
    }

    @ToolMethod
    public List<String> varargs(String... values) {
        return Arrays.asList(values);
    }

    @ToolMethod
    public List<@Nullable Object> mixed(
            String first,
            @Nullable String second,
            @ToolParameter(defaultValue = "3") int third,
            Optional<String> fourth) {
        List<@Nullable Object> all = new ArrayList<>();
        all.add(first);
        all.add(second);
        all.add(third);
        all.add(fourth);
        return all;
    }
}
