package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import java.util.List;
import java.util.Map;

/** What a base class declares with type variables, its toolkit binds. */
abstract class GenericBase<E, K> {
    @ToolMethod
    public E save(E value) {
        return value;
    }

    @ToolMethod
    public List<E> saveAll(List<E> value) {
        return value;
    }

    @ToolMethod
    public Map<K, E> byKey(Map<K, E> value) {
        return value;
    }
}
