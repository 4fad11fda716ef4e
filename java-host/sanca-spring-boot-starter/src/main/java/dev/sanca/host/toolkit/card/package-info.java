/** The toolkit that shows cards. It returns what to show; the engine turns it into A2UI. */
@NullMarked
package dev.sanca.host.toolkit.card;

import org.jspecify.annotations.NullMarked;
