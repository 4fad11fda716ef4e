/** The locked Py4J gateway that the engine's broker calls. The only package that knows Py4J. */
@NullMarked
package dev.sanca.host.gateway;

import org.jspecify.annotations.NullMarked;
