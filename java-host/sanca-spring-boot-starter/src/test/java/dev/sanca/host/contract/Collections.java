package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Lists, sets, maps and arrays of everything. */
@ToolkitComponent(name = "collections")
class Collections {
    @ToolMethod
    public int[] int32Array(int[] value) {
        return value;
    }

    @ToolMethod
    public long[] int64Array(long[] value) {
        return value;
    }

    @ToolMethod
    public double[] float64Array(double[] value) {
        return value;
    }

    @ToolMethod
    public boolean[] truthArray(boolean[] value) {
        return value;
    }

    @ToolMethod
    public String[] textArray(String[] value) {
        return value;
    }

    @ToolMethod
    public int[][] matrix(int[][] value) {
        return value;
    }

    @ToolMethod
    public String[][] textMatrix(String[][] value) {
        return value;
    }

    @ToolMethod
    public BigDecimal[] decimalArray(BigDecimal[] value) {
        return value;
    }

    @ToolMethod
    public Level[] levelArray(Level[] value) {
        return value;
    }

    @ToolMethod
    public Point[] pointArray(Point[] value) {
        return value;
    }

    @ToolMethod
    public List<String> listOfText(List<String> value) {
        return value;
    }

    @ToolMethod
    public List<Integer> listOfInt32(List<Integer> value) {
        return value;
    }

    @ToolMethod
    public List<Long> listOfInt64(List<Long> value) {
        return value;
    }

    @ToolMethod
    public List<BigDecimal> listOfDecimal(List<BigDecimal> value) {
        return value;
    }

    @ToolMethod
    public List<Point> listOfRecords(List<Point> value) {
        return value;
    }

    @ToolMethod
    public List<List<Integer>> listOfLists(List<List<Integer>> value) {
        return value;
    }

    @ToolMethod
    public List<LocalDate> listOfDates(List<LocalDate> value) {
        return value;
    }

    @ToolMethod
    public List<Level> listOfEnums(List<Level> value) {
        return value;
    }

    @ToolMethod
    public List<Optional<String>> listOfOptionals(List<Optional<String>> value) {
        return value;
    }

    @ToolMethod
    public List<@Nullable String> listWithNulls(List<@Nullable String> value) {
        return value;
    }

    @ToolMethod
    public List<Object> listOfAnything(List<Object> value) {
        return value;
    }

    @ToolMethod
    public List<int[]> listOfArrays(List<int[]> value) {
        return value;
    }

    @ToolMethod
    public List<? extends Point> wildcards(List<? extends Point> value) {
        return value;
    }

    @ToolMethod
    public Set<String> set(LinkedHashSet<String> value) {
        return value;
    }

    @ToolMethod
    public SortedSet<Integer> sortedSet(SortedSet<Integer> value) {
        return value;
    }

    @ToolMethod
    public EnumSet<Level> enumSet(EnumSet<Level> value) {
        return value;
    }

    @ToolMethod
    public Deque<String> deque(Deque<String> value) {
        return value;
    }

    @ToolMethod
    public Queue<String> queue(Queue<String> value) {
        return value;
    }

    @ToolMethod
    public Collection<String> collection(Collection<String> value) {
        return value;
    }

    @ToolMethod
    public Iterable<String> iterable(Iterable<String> value) {
        return value;
    }

    @ToolMethod
    public Map<String, String> mapOfText(Map<String, String> value) {
        return value;
    }

    @ToolMethod
    public Map<String, Integer> mapOfInt32(Map<String, Integer> value) {
        return value;
    }

    @ToolMethod
    public Map<String, List<Point>> mapOfLists(Map<String, List<Point>> value) {
        return value;
    }

    @ToolMethod
    public List<Map<String, Point>> listOfMaps(List<Map<String, Point>> value) {
        return value;
    }

    @ToolMethod
    public Map<String, Map<String, Double>> mapOfMaps(Map<String, Map<String, Double>> value) {
        return value;
    }

    @ToolMethod
    public Map<Level, Integer> enumKeys(Map<Level, Integer> value) {
        return value;
    }

    @ToolMethod
    public EnumMap<Level, String> enumMap(EnumMap<Level, String> value) {
        return value;
    }

    @ToolMethod
    public Map<Integer, String> numberKeys(Map<Integer, String> value) {
        return value;
    }

    @ToolMethod
    public Map<UUID, String> uuidKeys(Map<UUID, String> value) {
        return value;
    }

    @ToolMethod
    public Map<LocalDate, BigDecimal> dateKeys(Map<LocalDate, BigDecimal> value) {
        return value;
    }

    @ToolMethod
    public SortedMap<String, Double> sortedMap(SortedMap<String, Double> value) {
        return value;
    }

    @ToolMethod
    public Map<String, Object> mapOfAnything(Map<String, Object> value) {
        return value;
    }

    @ToolMethod
    public @Nullable Object anything(@Nullable Object value) {
        return value;
    }

    @ToolMethod
    public JsonNode json(JsonNode value) {
        return value;
    }
}
