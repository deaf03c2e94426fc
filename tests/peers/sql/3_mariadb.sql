-- The same as own.* of MySQL, as far as Maxwell can read it.
CREATE DATABASE own CHARACTER SET utf8mb4;
USE own;
CREATE TABLE no_keys (a INT, b VARCHAR(5));
INSERT INTO no_keys VALUES (1, 'x'), (1, 'x');
UPDATE no_keys SET b = 'y';
DELETE FROM no_keys LIMIT 1;
CREATE TABLE charsets (id INT PRIMARY KEY, cp VARCHAR(20) CHARACTER SET cp1251, sj VARCHAR(20) CHARACTER SET sjis, gbk VARCHAR(20) CHARACTER SET gbk, u16 VARCHAR(20) CHARACTER SET utf16);
INSERT INTO charsets VALUES (1, 'привет', '日本', '中文', 'hé😀');
