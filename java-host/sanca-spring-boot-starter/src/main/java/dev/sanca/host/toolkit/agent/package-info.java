/** Other agents of this portal: configuration that the engine reads. */
@NullMarked
package dev.sanca.host.toolkit.agent;

import org.jspecify.annotations.NullMarked;
