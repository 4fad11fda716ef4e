/** The second agent of the demo: a process of its own that reviews changes, reached over A2A. */
@NullMarked
package dev.sanca.portal.reviewer;

import org.jspecify.annotations.NullMarked;
