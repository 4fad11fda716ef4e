/** Who is at the page, in which tenant and session. */
@NullMarked
package dev.sanca.host.session;

import org.jspecify.annotations.NullMarked;
