package com.example.orderdesk;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

@ResponseStatus(HttpStatus.CONFLICT)
class OrderNotOpenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OrderNotOpenException(Order order) {
        super("Order '" + order.number() + "' is " + order.state() + ": only an open one can be cancelled.");
    }
}
