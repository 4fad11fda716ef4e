/** The demo portal: what a company's portal looks like that embeds sanca. */
@NullMarked
package dev.sanca.portal;

import org.jspecify.annotations.NullMarked;
