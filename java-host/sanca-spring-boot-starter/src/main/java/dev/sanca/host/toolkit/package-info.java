/** Toolkits: what the engine's actions can call. By annotation or by interface, registered and removed while running. */
@NullMarked
package dev.sanca.host.toolkit;

import org.jspecify.annotations.NullMarked;
