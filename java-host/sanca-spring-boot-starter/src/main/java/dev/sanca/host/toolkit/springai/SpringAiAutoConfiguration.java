package dev.sanca.host.toolkit.springai;

import dev.sanca.host.toolkit.ToolkitRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.ToolCallbackProvider;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Registers the portal's Spring AI tools, if it has any. */
@AutoConfiguration
@ConditionalOnClass(ToolCallbackProvider.class)
class SpringAiAutoConfiguration {

    @Bean
    SmartInitializingSingleton sancaSpringAiTools(
            ObjectProvider<ToolCallback> single, ObjectProvider<ToolCallbackProvider> many, ToolkitRegistry registry) {
        return () -> {
            List<ToolCallback> callbacks = Stream.concat(
                            single.orderedStream(),
                            many.orderedStream().flatMap(provider -> Arrays.stream(provider.getToolCallbacks())))
                    .toList();
            if (!callbacks.isEmpty()) {
                registry.register(new SpringAiToolkit(callbacks));
            }
        };
    }
}
