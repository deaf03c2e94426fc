-- The demo's shop, and the user that captures it.
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE USER capture@'127.0.0.1' IDENTIFIED BY 'demo';
GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO capture@'127.0.0.1';
GRANT SELECT ON shop.* TO capture@'127.0.0.1';
USE shop;
CREATE TABLE customers (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120) NOT NULL,
  city VARCHAR(60),
  notes TEXT,
  joined DATE NOT NULL
);
CREATE TABLE products (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  sku CHAR(8) NOT NULL UNIQUE,
  title VARCHAR(80) NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  stock INT NOT NULL,
  details JSON NOT NULL
);
CREATE TABLE orders (
  id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  status ENUM('new', 'paid', 'shipped') NOT NULL DEFAULT 'new',
  total DECIMAL(12,2),
  ordered_at DATETIME(3) NOT NULL,
  shipped_at DATETIME(3)
);
CREATE TABLE order_items (
  order_id BIGINT UNSIGNED,
  line SMALLINT UNSIGNED,
  product_id INT UNSIGNED NOT NULL,
  quantity INT NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  PRIMARY KEY (order_id, line)
);
INSERT INTO customers (name, email, city, notes, joined) VALUES
  ('Ada Lovelace', 'ada@example.com', 'London', 'pays by \"invoice\"', '2024-12-10'),
  ('Zoë Müller', 'zoe@example.com', 'Köln', NULL, '2025-01-31'),
  ('李小龍', 'lee@example.com', '香港', 'likes 🍵', '2025-02-28'),
  ('Søren Ångström', 'soren@example.com', 'Århus', NULL, '2025-03-01'),
  ('Ana D''Souza', 'ana@example.com', 'Lisboa', 'C:\\orders', '2025-04-15'),
  ('Олег Петров', 'oleg@example.com', NULL, NULL, '2025-05-09');
INSERT INTO products (sku, title, price, stock, details) VALUES
  ('TEA-0001', 'Green tea 🍵', 7.90, 120, '{"weight_g": 100, "organic": true}'),
  ('TEA-0002', 'Earl Grey', 6.50, 80, '{"weight_g": 125, "organic": false}'),
  ('CUP-0001', 'Porcelain cup', 12.00, 40, '{"colours": ["white", "blue"]}'),
  ('POT-0001', 'Cast iron teapot', 59.95, 12, '{"weight_g": 1450}'),
  ('HON-0001', 'Honey', 8.25, 60, '{"origin": "Møn"}'),
  ('BIS-0001', 'Biscuits', 3.10, 200, '{"pieces": 24}'),
  ('SUG-0001', 'Sugar', 1.99, 300, '{}'),
  ('SPO-0001', 'Silver spoon', 24.00, 25, '{"engraved": null}');
