/** Outside MCP servers of this portal: configuration that the engine reads. */
@NullMarked
package dev.sanca.host.toolkit.mcp;

import org.jspecify.annotations.NullMarked;
