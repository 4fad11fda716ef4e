/** The order desk of a tea wholesaler. */
@NullMarked
package com.example.orderdesk;

import org.jspecify.annotations.NullMarked;
