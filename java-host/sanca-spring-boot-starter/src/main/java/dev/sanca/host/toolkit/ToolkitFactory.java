package dev.sanca.host.toolkit;

/** Makes toolkits of annotated objects, for those that come and go while the portal runs. Beans need it not. */
public final class ToolkitFactory {
    private final ArgumentChecks checks;

    ToolkitFactory(ArgumentChecks checks) {
        this.checks = checks;
    }

    /**
     * The toolkit of an object whose class has {@link ToolkitComponent}; give it to {@link ToolkitRegistry#register}.
     *
     * @throws IllegalArgumentException when the class is not annotated, or two of its tools cannot be told apart
     */
    public Toolkit annotated(Object object) {
        return new AnnotatedToolkit(object, checks);
    }
}
