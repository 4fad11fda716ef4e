/** What the host must not forget, in one file of the state folder. Knows nothing of what is stored. */
@NullMarked
package dev.sanca.host.store;

import org.jspecify.annotations.NullMarked;
