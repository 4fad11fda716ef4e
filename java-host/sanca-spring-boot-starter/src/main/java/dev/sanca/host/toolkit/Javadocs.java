package dev.sanca.host.toolkit;

import dev.sanca.host.HostException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * What the javadoc of a class says, as {@link dev.sanca.host.toolkit.javadoc.JavadocProcessor} kept it at build time; empty
 * texts where it was not there. Keys: {@code class}, {@code component.<name>}, {@code method.<name>(<erased types>)}, and the
 * latter followed by {@code .param.<name>} or {@code .return}.
 */
final class Javadocs {
    private static final Javadocs NONE = new Javadocs(new Properties());
    private static final ClassValue<Javadocs> KNOWN = new ClassValue<>() {
        @Override
        protected Javadocs computeValue(Class<?> type) {
            return read(type);
        }
    };
    private final Properties texts;

    private Javadocs(Properties texts) {
        this.texts = texts;
    }

    static Javadocs of(Class<?> type) {
        return KNOWN.get(type);
    }

    /** What the class is. */
    String type() {
        return texts.getProperty("class", "");
    }

    /** What a component of a record, or a field of a bean, means. */
    String component(String name) {
        return texts.getProperty("component." + name, "");
    }

    /** What a method does. */
    String method(Method method) {
        return texts.getProperty(key(method), "");
    }

    /** What a parameter of a method means. */
    String parameter(Method method, String name) {
        return texts.getProperty(key(method) + ".param." + name, "");
    }

    /** What a method returns. */
    String result(Method method) {
        return texts.getProperty(key(method) + ".return", "");
    }

    private static String key(Method method) {
        return "method." + method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getTypeName)
                        .map(name -> name.replace('$', '.'))
                        .collect(Collectors.joining(",", "(", ")"));
    }

    private static Javadocs read(Class<?> type) {
        try (InputStream in = type.getResourceAsStream("/META-INF/sanca/javadoc/" + type.getName() + ".properties")) {
            if (in == null) {
                return NONE;
            }
            Properties texts = new Properties();
            Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8);
            texts.load(reader);
            return new Javadocs(texts);
        } catch (IOException error) {
            throw new HostException("The kept javadoc of " + type.getName() + " cannot be read.", error);
        }
    }
}
