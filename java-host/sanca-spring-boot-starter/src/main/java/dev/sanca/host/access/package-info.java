/** Who started a run and what that user may do: the host has the last word. */
@NullMarked
package dev.sanca.host.access;

import org.jspecify.annotations.NullMarked;
