/** A git repository through the git program: history, releases, commits. Knows nothing of services or processes. */
@NullMarked
package dev.sanca.portal.git;

import org.jspecify.annotations.NullMarked;
