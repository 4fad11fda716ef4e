package dev.sanca.host.toolkit.javadoc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolkitFactory;
import dev.sanca.host.toolkit.ToolkitRegistry;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import tools.jackson.databind.JsonNode;

/** A portal's toolkit, compiled with nothing but the starter on the class path, then described by a host. */
class JavadocProcessorTests {
    private static final String SOURCE = """
            package shop;

            import dev.sanca.host.toolkit.*;
            import java.util.*;

            /**
             * Orders of the shop, from the {@link Order first} to the last.
             * 顾客的订单。
             */
            @ToolkitComponent(name = "orders")
            public class OrderToolkit {
                /**
                 * Finds orders of a customer; {@code limit} at most.
                 *
                 * <p>Newest first. Costs &lt; 1 s.
                 * <ul>
                 *   <li>never cancelled ones
                 * </ul>
                 *
                 * @param customer the customer's number,
                 *     as on the invoice
                 * @param limit how many
                 * @return the orders, newest first
                 * @throws IllegalStateException never
                 */
                @ToolMethod
                public List<Order> find(String customer, @ToolParameter(description = "said by annotation") int limit) {
                    return List.of();
                }

                /** Not this. */
                @ToolMethod(description = "But this.")
                public String other(Map<String, int[]> many, String... more) {
                    return "";
                }

                /**
                 * An order.
                 *
                 * @param number its number
                 */
                public record Order(String number, Customer customer) {}

                /** Who ordered. */
                public static class Customer {
                    /** First name, then family name. */
                    private String name = "";

                    public String getName() {
                        return name;
                    }
                }
            }
            """;

    @TempDir
    Path folder;

    @Test
    void javadocDescribesWhatAnnotationsDoNot() throws Exception {
        try (URLClassLoader portal = new URLClassLoader(
                new URL[] {compiled().toUri().toURL()}, getClass().getClassLoader())) {
            Object bean = portal.loadClass("shop.OrderToolkit")
                    .getDeclaredConstructor()
                    .newInstance();
            new ApplicationContextRunner()
                    .withUserConfiguration(Host.class)
                    .withPropertyValues(
                            "sanca.home=" + folder, "sanca.engine.enabled=false", "sanca.gateway.enabled=false")
                    .run(host -> {
                        ToolkitRegistry registry = host.getBean(ToolkitRegistry.class);
                        registry.register(host.getBean(ToolkitFactory.class).annotated(bean));
                        check(HostJson.MAPPER.readTree(registry.describe()).path("toolkits"));
                    });
        }
    }

    private static void check(JsonNode toolkits) {
        JsonNode orders = toolkits.values().stream()
                .filter(each -> each.path("name").asString().equals("orders"))
                .findFirst()
                .orElseThrow();
        assertThat(orders.path("description").asString())
                .isEqualTo("Orders of the shop, from the first to the last. 顾客的订单。");
        JsonNode find = orders.path("tools").path(0);
        assertThat(find.path("description").asString())
                .isEqualTo(
                        "Finds orders of a customer; limit at most.\nNewest first. Costs < 1 s.\n- never cancelled ones");
        JsonNode arguments = find.path("input_schema").path("properties");
        assertThat(arguments.path("customer").path("description").asString())
                .isEqualTo("the customer's number, as on the invoice");
        assertThat(arguments.path("limit").path("description").asString()).isEqualTo("said by annotation");
        JsonNode result = find.path("output_schema");
        assertThat(result.path("description").asString()).isEqualTo("the orders, newest first");
        JsonNode order = result.path("items").path("properties");
        assertThat(order.path("number").path("description").asString()).isEqualTo("its number");
        assertThat(order.path("customer")
                        .path("properties")
                        .path("name")
                        .path("description")
                        .asString())
                .isEqualTo("First name, then family name.");
        assertThat(orders.path("tools").path(1).path("description").asString()).isEqualTo("But this.");
    }

    private Path compiled() throws Exception {
        Path source = Files.createDirectories(folder.resolve("shop")).resolve("OrderToolkit.java");
        Files.writeString(source, SOURCE);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> options = new ArrayList<>(
                List.of("-parameters", "-d", classes.toString(), "-cp", System.getProperty("java.class.path")));
        if (Runtime.version().feature() >= 21) {
            options.add("-proc:full"); // the one line that docs/reference/java-toolkits.md asks for
        }
        boolean isCompiled = compiler.getTask(
                        null,
                        null,
                        null,
                        options,
                        null,
                        compiler.getStandardFileManager(null, null, null).getJavaFileObjects(source))
                .call();
        assertThat(isCompiled).isTrue();
        return classes;
    }

    @EnableAutoConfiguration
    static class Host {}
}
