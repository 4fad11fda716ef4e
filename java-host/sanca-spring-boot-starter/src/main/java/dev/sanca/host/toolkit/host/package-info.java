/** The toolkit {@code host}: says what the host is, and answers an echo, so that the chain can be tried and timed. */
@NullMarked
package dev.sanca.host.toolkit.host;

import org.jspecify.annotations.NullMarked;
