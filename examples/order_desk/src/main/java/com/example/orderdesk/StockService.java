package com.example.orderdesk;

import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/** What lies in the warehouse, and what of it is promised. */
@Service
class StockService {
    private static final String LEVELS =
            """
            select sku, name, on_hand,
              (select coalesce(sum(line.quantity), 0) from order_line line
                join customer_order o on o.number = line.number
                where line.sku = product.sku and o.state = 'OPEN') as ordered
            from product order by sku
            """;
    private final JdbcClient database;

    StockService(JdbcClient database) {
        this.database = database;
    }

    List<StockLevel> levels() {
        return database.sql(LEVELS).query(StockLevel.class).list();
    }
}
