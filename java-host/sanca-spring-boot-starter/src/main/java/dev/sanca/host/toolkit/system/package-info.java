/** The toolkit {@code system}: services, logs, metrics, releases and repairs of whatever system a portal manages. */
@NullMarked
package dev.sanca.host.toolkit.system;

import org.jspecify.annotations.NullMarked;
