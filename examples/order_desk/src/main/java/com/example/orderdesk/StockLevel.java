package com.example.orderdesk;

/**
 * How much of a product there is.
 *
 * @param onHand pieces in the warehouse
 * @param ordered pieces in open orders
 */
record StockLevel(String sku, String name, int onHand, int ordered) {}
