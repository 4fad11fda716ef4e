create table if not exists product (
  sku varchar(20) primary key,
  name varchar(100) not null,
  price decimal(10, 2) not null,
  on_hand int not null check (on_hand >= 0)
);

create table if not exists customer_order (
  number varchar(20) primary key,
  customer varchar(100) not null,
  state varchar(20) not null,
  placed_on date not null,
  note varchar(500)
);

create table if not exists order_line (
  number varchar(20) not null references customer_order,
  sku varchar(20) not null references product,
  quantity int not null check (quantity > 0),
  primary key (number, sku)
);
