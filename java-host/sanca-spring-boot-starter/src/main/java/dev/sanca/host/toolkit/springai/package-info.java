/** The portal's Spring AI tools as a toolkit. Loads only where Spring AI is. */
@NullMarked
package dev.sanca.host.toolkit.springai;

import org.jspecify.annotations.NullMarked;
