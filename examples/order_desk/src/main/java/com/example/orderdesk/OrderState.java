package com.example.orderdesk;

/** Where an order stands. */
enum OrderState {
    OPEN,
    SHIPPED,
    CANCELLED
}
