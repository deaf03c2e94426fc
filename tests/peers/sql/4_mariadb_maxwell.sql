-- Partial row images: Debezium has none of them, and leaves this database out.
CREATE DATABASE minimal CHARACTER SET utf8mb4;
USE minimal;
CREATE TABLE parts (id INT PRIMARY KEY, a INT, b VARCHAR(10), c TEXT);
SET SESSION binlog_row_image = MINIMAL;
INSERT INTO parts (id, a) VALUES (1, 10);
INSERT INTO parts VALUES (2, 20, 'two', 'text');
UPDATE parts SET a = 11 WHERE id = 1;
UPDATE parts SET b = NULL, c = 'new' WHERE id = 2;
UPDATE parts SET id = 3 WHERE id = 2;
DELETE FROM parts WHERE id = 1;
SET SESSION binlog_row_image = NOBLOB;
INSERT INTO parts VALUES (4, 40, 'four', 'text');
UPDATE parts SET a = 41 WHERE id = 4;
UPDATE parts SET c = 'changed' WHERE id = 4;
DELETE FROM parts WHERE id = 4;
