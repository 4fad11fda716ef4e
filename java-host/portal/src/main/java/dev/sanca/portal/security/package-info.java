/** Who may come in and with which rights: three demo users, a one-time sign-in, strict headers. */
@NullMarked
package dev.sanca.portal.security;

import org.jspecify.annotations.NullMarked;
