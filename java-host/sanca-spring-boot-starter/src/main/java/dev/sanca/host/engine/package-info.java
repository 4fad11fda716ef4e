/** The engine from Java: the client that portal code uses, and the process that is watched. Nothing outside sees gRPC. */
@NullMarked
package dev.sanca.host.engine;

import org.jspecify.annotations.NullMarked;
