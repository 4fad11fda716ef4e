package com.example.orderdesk;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Orders and what may be done with them. */
@Service
class OrderService {
    private final JdbcClient database;

    OrderService(JdbcClient database) {
        this.database = database;
    }

    /** All orders, oldest first. */
    List<Order> all() {
        return database.sql("select * from customer_order order by placed_on, number")
                .query(this::order)
                .list();
    }

    Order find(String number) {
        return database.sql("select * from customer_order where number = ?")
                .param(number)
                .query(this::order)
                .optional()
                .orElseThrow(() -> new OrderNotFoundException(number));
    }

    /** Cancels an open order; what it had ordered is free for others again. */
    @Transactional
    Order cancel(String number, String reason) {
        int cancelled = database.sql(
                        "update customer_order set state = 'CANCELLED', note = ? where number = ? and state = 'OPEN'")
                .params(reason, number)
                .update();
        Order order = find(number);
        if (cancelled == 0) {
            throw new OrderNotOpenException(order);
        }
        return order;
    }

    private Order order(ResultSet row, int index) throws SQLException {
        String number = row.getString("number");
        List<OrderLine> lines = lines(number);
        BigDecimal total = lines.stream()
                .map(line -> line.price().multiply(BigDecimal.valueOf(line.quantity())))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        return new Order(
                number,
                row.getString("customer"),
                OrderState.valueOf(row.getString("state")),
                row.getObject("placed_on", LocalDate.class),
                lines,
                total,
                row.getString("note"));
    }

    private List<OrderLine> lines(String number) {
        return database.sql("select product.sku, name, quantity, price from order_line line"
                        + " join product on product.sku = line.sku where number = ? order by sku")
                .param(number)
                .query(OrderLine.class)
                .list();
    }
}
