package dev.sanca.host.toolkit;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** Registers the toolkits among the portal's beans once all of them exist. */
final class ToolkitRegistrar implements SmartInitializingSingleton {
    private final ConfigurableListableBeanFactory beans;
    private final ToolkitRegistry registry;
    private final ToolkitFactory factory;

    ToolkitRegistrar(ConfigurableListableBeanFactory beans, ToolkitRegistry registry, ToolkitFactory factory) {
        this.beans = beans;
        this.registry = registry;
        this.factory = factory;
    }

    @Override
    public void afterSingletonsInstantiated() {
        for (String name : beans.getBeanNamesForAnnotation(ToolkitComponent.class)) {
            Object bean = beans.getBean(name);
            if (!(bean instanceof Toolkit)) {
                registry.register(factory.annotated(bean));
            }
        }
        beans.getBeanProvider(Toolkit.class).orderedStream().forEach(registry::register);
    }
}
