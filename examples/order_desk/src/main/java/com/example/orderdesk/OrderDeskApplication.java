package com.example.orderdesk;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class OrderDeskApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(OrderDeskApplication.class, arguments);
    }
}
