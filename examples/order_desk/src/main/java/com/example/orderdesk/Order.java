package com.example.orderdesk;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A customer's order.
 *
 * @param note why it was cancelled; null otherwise
 */
record Order(
        String number,
        String customer,
        OrderState state,
        LocalDate placedOn,
        List<OrderLine> lines,
        BigDecimal total,
        @Nullable String note) {}
