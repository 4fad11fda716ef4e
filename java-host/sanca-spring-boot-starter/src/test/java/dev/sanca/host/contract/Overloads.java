package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One name, several ways. */
@ToolkitComponent(name = "overloads")
class Overloads {
    @ToolMethod
    public String find(int id) {
        return "by id " + id;
    }

    @ToolMethod
    public String find(String name) {
        return "by name " + name;
    }

    @ToolMethod
    public String find(String name, LocalDate since) {
        return "by name " + name + " since " + since;
    }

    @ToolMethod
    public String find(Point at) {
        return "at " + at.x();
    }

    @ToolMethod
    public String find(List<Integer> ids) {
        return "by ids " + ids.size();
    }

    @ToolMethod
    public String kind(int value) {
        return "int";
    }

    @ToolMethod
    public String kind(double value) {
        return "double";
    }

    @ToolMethod
    public String kind(String value) {
        return "text";
    }

    @ToolMethod
    public String kind(boolean value) {
        return "truth";
    }

    @ToolMethod
    public String kind(LocalDate value) {
        return "date";
    }

    @ToolMethod
    public String kind(Level value) {
        return "level";
    }

    @ToolMethod
    public String kind(Point value) {
        return "point";
    }

    @ToolMethod
    public String kind(List<String> value) {
        return "list";
    }

    @ToolMethod
    public String size(long value) {
        return "long";
    }

    @ToolMethod
    public String size(int value) {
        return "int";
    }

    @ToolMethod
    public String size(BigDecimal value) {
        return "decimal";
    }

    @ToolMethod
    public String more(String text) {
        return text;
    }

    @ToolMethod
    public String more(String text, @Nullable String prefix, int times) {
        return prefix + text.repeat(times);
    }
}
