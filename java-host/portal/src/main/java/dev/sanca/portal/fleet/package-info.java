/** The demo fleet: four real services as processes, their releases, logs, metrics, ports and data folders. */
@NullMarked
package dev.sanca.portal.fleet;

import org.jspecify.annotations.NullMarked;
