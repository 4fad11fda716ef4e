package dev.sanca.host.contract;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolParameter;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Records and beans, nested, with names and defaults of their own. */
@ToolkitComponent(name = "records")
class Records {
    @ToolMethod
    public Point point(Point value) {
        return value;
    }

    @ToolMethod
    public @Nullable Point nullablePoint(@Nullable Point value) {
        return value;
    }

    @ToolMethod
    public Optional<Point> optionalPoint(Optional<Point> value) {
        return value;
    }

    @ToolMethod
    public Order order(Order value) {
        return value;
    }

    @ToolMethod
    public List<Order> orders(List<Order> value) {
        return value;
    }

    @ToolMethod
    public Node tree(Node value) {
        return value;
    }

    @ToolMethod
    public Customer bean(Customer value) {
        return value;
    }

    @ToolMethod
    public List<Customer> beans(List<Customer> value) {
        return value;
    }

    @ToolMethod
    public WithOptionals optionals(WithOptionals value) {
        return value;
    }

    @ToolMethod
    public WithNulls nulls(WithNulls value) {
        return value;
    }

    @ToolMethod
    public WithDefaults defaults(WithDefaults value) {
        return value;
    }

    @ToolMethod
    public List<WithDefaults> nestedDefaults(List<WithDefaults> value) {
        return value;
    }

    @ToolMethod
    public WithNames names(WithNames value) {
        return value;
    }

    @ToolMethod
    public Nothing nothing(Nothing value) {
        return value;
    }

    @ToolMethod
    public Arrays arrays(Arrays value) {
        return value;
    }

    @ToolMethod
    public Shape shape(Shape value) {
        return value;
    }

    @ToolMethod
    public List<Shape> shapes(List<Shape> value) {
        return value;
    }

    @ToolMethod
    public Map<String, Order> mapOfOrders(Map<String, Order> value) {
        return value;
    }

    record Line(String article, int quantity, BigDecimal price) {}

    record Order(
            UUID id,
            Customer customer,
            List<Line> lines,
            Level level,
            Instant placedAt,
            LocalDate due,
            Map<String, BigDecimal> discounts,
            @Nullable String note) {}

    record Node(String name, List<Node> children) {}

    record WithOptionals(Optional<String> text, Optional<Integer> number, Optional<Point> point) {}

    record WithNulls(
            @Nullable String text,
            @Nullable Integer number,
            @Nullable List<String> list) {}

    record WithDefaults(
            String name,
            @ToolParameter(defaultValue = "7") int count,
            @ToolParameter(defaultValue = "WARN") Level level,
            @ToolParameter(defaultValue = "[]") List<String> tags) {}

    record WithNames(
            @ToolParameter(name = "from") String source,
            @JsonProperty("class") String kind,
            int latencyP95Ms) {}

    record Nothing() {}

    record Arrays(int[] numbers, String[] texts, byte[] data, Point[] points) {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Circle.class, name = "circle"),
        @JsonSubTypes.Type(value = Square.class, name = "square")
    })
    sealed interface Shape permits Circle, Square {}

    record Circle(double radius) implements Shape {}

    record Square(double side, @Nullable Point at) implements Shape {}
}
