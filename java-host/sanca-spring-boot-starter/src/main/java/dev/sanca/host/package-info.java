/** The Spring Boot starter that puts sanca into a portal. Nothing here is imported by the packages below but errors and the state folder. */
@NullMarked
package dev.sanca.host;

import org.jspecify.annotations.NullMarked;
