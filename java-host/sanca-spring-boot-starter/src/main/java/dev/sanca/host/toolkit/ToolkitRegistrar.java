package dev.sanca.host.toolkit;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** Registers the toolkits among the portal's beans once all of them exist. */
final class ToolkitRegistrar implements SmartInitializingSingleton {
    private final ConfigurableListableBeanFactory beans;
    private final ToolkitRegistry registry;

    ToolkitRegistrar(ConfigurableListableBeanFactory beans, ToolkitRegistry registry) {
        this.beans = beans;
        this.registry = registry;
    }

    @Override
    public void afterSingletonsInstantiated() {
        for (String name : beans.getBeanNamesForAnnotation(ToolkitComponent.class)) {
            registry.register(new AnnotatedToolkit(beans.getBean(name)));
        }
        beans.getBeanProvider(Toolkit.class).orderedStream().forEach(registry::register);
    }
}
