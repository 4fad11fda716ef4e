package dev.sanca.host.toolkit.springai;

import dev.sanca.host.toolkit.ToolkitRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.ToolCallbackProvider;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Registers the portal's Spring AI tools, if it has any: callbacks, providers of them, and beans with annotated methods. */
@AutoConfiguration
@ConditionalOnClass(ToolCallbackProvider.class)
@EnableConfigurationProperties(SpringAiProperties.class)
class SpringAiAutoConfiguration {

    @Bean
    SmartInitializingSingleton sancaSpringAiTools(
            ObjectProvider<ToolCallback> single,
            ObjectProvider<ToolCallbackProvider> many,
            ConfigurableListableBeanFactory beans,
            SpringAiProperties properties,
            ToolkitRegistry registry) {
        return () -> {
            Stream<ToolCallback> provided =
                    many.orderedStream().flatMap(provider -> Arrays.stream(provider.getToolCallbacks()));
            List<ToolCallback> callbacks = Stream.of(
                            single.orderedStream(), provided, new AnnotatedBeans(beans).callbacks())
                    .flatMap(each -> each)
                    .toList();
            if (!callbacks.isEmpty()) {
                registry.register(new SpringAiToolkit(callbacks, properties));
            }
        };
    }
}
