/** How much a run may do. */
@NullMarked
package dev.sanca.host.budget;

import org.jspecify.annotations.NullMarked;
