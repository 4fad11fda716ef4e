merge into product (sku, name, price, on_hand) values
  ('LJ-100', '龙井 Longjing, 100 g', 18.50, 42),
  ('PE-357', '普洱 Pu-erh cake, 357 g', 39.90, 7),
  ('JA-250', 'Jasmine pearls, 250 g', 24.00, 0);

insert into customer_order (number, customer, state, placed_on)
select * from (values
  ('A-1001', 'Café Lindt', 'SHIPPED', date '2026-01-12'),
  ('A-1002', 'Teehaus Nord', 'OPEN', date '2026-01-14'),
  ('A-1003', '望江茶馆', 'OPEN', date '2026-01-15'))
where not exists (select 1 from customer_order);

merge into order_line (number, sku, quantity) values
  ('A-1001', 'LJ-100', 10),
  ('A-1002', 'PE-357', 3),
  ('A-1002', 'LJ-100', 5),
  ('A-1003', 'JA-250', 12);
