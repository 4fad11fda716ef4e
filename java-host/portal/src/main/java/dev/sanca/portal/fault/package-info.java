/** Faults made on purpose: drawn by a seed, made of what people really do to a system, checked by real requests. */
@NullMarked
package dev.sanca.portal.fault;

import org.jspecify.annotations.NullMarked;
