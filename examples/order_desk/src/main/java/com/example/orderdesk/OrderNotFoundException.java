package com.example.orderdesk;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

@ResponseStatus(HttpStatus.NOT_FOUND)
class OrderNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OrderNotFoundException(String number) {
        super("There is no order '" + number + "'.");
    }
}
