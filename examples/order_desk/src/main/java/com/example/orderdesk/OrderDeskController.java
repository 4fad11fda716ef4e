package com.example.orderdesk;

import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/api")
class OrderDeskController {
    private final OrderService orders;
    private final StockService stock;

    OrderDeskController(OrderService orders, StockService stock) {
        this.orders = orders;
        this.stock = stock;
    }

    @GetMapping("/orders")
    List<Order> orders() {
        return orders.all();
    }

    @GetMapping("/orders/{number}")
    Order order(@PathVariable String number) {
        return orders.find(number);
    }

    @PostMapping("/orders/{number}/cancel")
    Order cancel(@PathVariable String number, @RequestBody Cancellation cancellation) {
        return orders.cancel(number, cancellation.reason());
    }

    @GetMapping("/stock")
    List<StockLevel> stock() {
        return stock.levels();
    }

    record Cancellation(String reason) {}
}
