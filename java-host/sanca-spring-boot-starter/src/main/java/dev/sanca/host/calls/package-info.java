/** One way for every tool call: the durable record of call ids, checks, running, cancelling. */
@NullMarked
package dev.sanca.host.calls;

import org.jspecify.annotations.NullMarked;
