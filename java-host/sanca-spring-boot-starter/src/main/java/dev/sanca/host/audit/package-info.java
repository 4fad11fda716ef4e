/** One line for each effect. */
@NullMarked
package dev.sanca.host.audit;

import org.jspecify.annotations.NullMarked;
