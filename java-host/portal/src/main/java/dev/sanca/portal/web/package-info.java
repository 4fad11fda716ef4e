/** The portal's own HTTP: who am I, and the fleet panel with its faults. */
@NullMarked
package dev.sanca.portal.web;

import org.jspecify.annotations.NullMarked;
