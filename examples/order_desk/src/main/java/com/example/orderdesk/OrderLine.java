package com.example.orderdesk;

import java.math.BigDecimal;

/**
 * One product of an order.
 *
 * @param sku the product
 * @param price of one piece
 */
record OrderLine(String sku, String name, int quantity, BigDecimal price) {}
