package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Types with type variables. */
@ToolkitComponent(name = "generics")
class Generics extends GenericBase<Point, Integer> {
    @ToolMethod
    public Page<String> pageOfText(Page<String> value) {
        return value;
    }

    @ToolMethod
    public Page<Point> pageOfRecords(Page<Point> value) {
        return value;
    }

    @ToolMethod
    public Page<Page<Integer>> pageOfPages(Page<Page<Integer>> value) {
        return value;
    }

    @ToolMethod
    public Page<Map<String, Point>> pageOfMaps(Page<Map<String, Point>> value) {
        return value;
    }

    @ToolMethod
    public Pair<Level, LocalDate> pair(Pair<Level, LocalDate> value) {
        return value;
    }

    @ToolMethod
    public List<Pair<String, Optional<Long>>> listOfPairs(List<Pair<String, Optional<Long>>> value) {
        return value;
    }

    @ToolMethod
    public <T> T same(T value) {
        return value;
    }

    @ToolMethod
    public <T extends Comparable<T>> List<T> bounded(List<T> value) {
        return value;
    }

    record Page<T>(List<T> items, int number, long total) {}

    record Pair<A, B>(A first, B second) {}
}
