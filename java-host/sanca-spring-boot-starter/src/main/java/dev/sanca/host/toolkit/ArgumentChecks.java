package dev.sanca.host.toolkit;

/** Looks at bound arguments before a method sees them. */
interface ArgumentChecks {
    /** Lets everything pass. */
    ArgumentChecks NONE = (bean, tool, bound) -> {};

    /**
     * Checks.
     *
     * @param bean the toolkit, perhaps a proxy
     * @param tool toolkit and tool, for error sentences
     * @throws ToolArgumentException naming everything that is wrong at once
     */
    void check(Object bean, String tool, AnnotatedTool.Bound bound);
}
