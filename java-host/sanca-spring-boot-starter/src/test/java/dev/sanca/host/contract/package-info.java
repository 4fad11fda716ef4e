/** A host with tools of every signature, and the suite that calls them; the engine's tests start the same host. */
@NullMarked
package dev.sanca.host.contract;

import org.jspecify.annotations.NullMarked;
