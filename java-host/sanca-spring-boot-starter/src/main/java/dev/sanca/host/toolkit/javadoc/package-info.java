/** Keeps the javadoc of toolkits at build time. Uses nothing but the JDK: it runs inside the portal's compiler. */
@NullMarked
package dev.sanca.host.toolkit.javadoc;

import org.jspecify.annotations.NullMarked;
