package dev.sanca.host.toolkit;

import java.io.InputStream;
import java.io.Reader;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;

/**
 * What a method's result is to who calls it: the value that is waited for, or one that is read piece by piece.
 *
 * @param value the type of the value, or of each item
 * @param pieces {@code items}, {@code bytes} or {@code text} when it is read piece by piece; empty otherwise
 */
record ResultType(Type value, String pieces, boolean isOptional) {

    static ResultType of(Method method, Class<?> owner) {
        return of(ResolvableType.forMethodReturnType(method, owner));
    }

    private static ResultType of(ResolvableType type) {
        Class<?> raw = type.toClass();
        if (CompletionStage.class.isAssignableFrom(raw)) {
            return of(argument(type, CompletionStage.class));
        }
        if (Future.class.isAssignableFrom(raw)) {
            return of(argument(type, Future.class));
        }
        if (raw == Optional.class) {
            return new ResultType(type.getGeneric(0).getType(), "", true);
        }
        if (InputStream.class.isAssignableFrom(raw)) {
            return new ResultType(byte[].class, "bytes", false);
        }
        if (Reader.class.isAssignableFrom(raw)) {
            return new ResultType(String.class, "text", false);
        }
        if (BaseStream.class.isAssignableFrom(raw)) {
            return new ResultType(item(raw, type), "items", false);
        }
        if (Iterator.class.isAssignableFrom(raw)) {
            return new ResultType(argument(type, Iterator.class).getType(), "items", false);
        }
        return reactive(type, raw);
    }

    private static ResultType reactive(ResolvableType type, Class<?> raw) {
        ReactiveAdapter adapter = ReactiveAdapterRegistry.getSharedInstance().getAdapter(raw);
        if (adapter == null) {
            return new ResultType(type.getType(), "", false);
        }
        if (adapter.isMultiValue()) {
            return new ResultType(type.getGeneric(0).getType(), "items", false);
        }
        return adapter.isNoValue() ? new ResultType(void.class, "", false) : of(type.getGeneric(0));
    }

    private static Type item(Class<?> raw, ResolvableType type) {
        if (IntStream.class.isAssignableFrom(raw)) {
            return int.class;
        }
        if (LongStream.class.isAssignableFrom(raw)) {
            return long.class;
        }
        return DoubleStream.class.isAssignableFrom(raw)
                ? double.class
                : argument(type, BaseStream.class).getType();
    }

    /** What the type holds; of a class that says it only by its base, without further type arguments. */
    private static ResolvableType argument(ResolvableType type, Class<?> base) {
        return type.hasGenerics()
                ? type.getGeneric(0)
                : ResolvableType.forClass(type.as(base).getGeneric(0).resolve(Object.class));
    }
}
