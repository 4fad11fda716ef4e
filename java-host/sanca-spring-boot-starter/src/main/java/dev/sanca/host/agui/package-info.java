/** The HTTP side: AG-UI for the page, and the small API around it. Event bytes pass through unchanged. */
@NullMarked
package dev.sanca.host.agui;

import org.jspecify.annotations.NullMarked;
