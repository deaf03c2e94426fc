-- What only MySQL has: JSON in binary form, vectors, generated and invisible columns.
CREATE DATABASE own CHARACTER SET utf8mb4;
USE own;
CREATE TABLE docs (id INT PRIMARY KEY, j JSON);
INSERT INTO docs VALUES (1, '{}'), (2, '[]'), (3, 'null'), (4, NULL), (5, '{"a": 1, "b": [true, false, null], "c": {"d": "e f"}}'), (6, '"just text"'), (7, '12345678901234567890'), (8, '-9223372036854775808'), (9, '{"double": 1.5, "big": 1e100, "small": 1e-7, "whole": 3.0, "neg": -0.1}'), (10, '{"q\\"uote": "back\\\\slash \\n \\u0001 😀"}'), (11, JSON_ARRAY(CAST('2024-01-02 03:04:05.678' AS DATETIME(3)), CAST('2024-01-02' AS DATE), CAST('10:11:12.5' AS TIME(1)))), (12, JSON_ARRAY(CAST(1.50 AS DECIMAL(10,2)), CAST(123.456 AS DECIMAL(10,3)))), (13, 'true'), (14, '1e21'), (15, '[1,[2,[3,[4]]]]'), (16, '{"bb": 1, "a": 2, "": 3}'), (18, JSON_QUOTE('x'));
UPDATE docs SET j = JSON_SET(j, '$.a', 2) WHERE id = 5;
UPDATE docs SET j = NULL WHERE id = 18;
CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3));
INSERT INTO vectors VALUES (1, STRING_TO_VECTOR('[1,2.5,-3e10]')), (2, NULL);
CREATE TABLE made (id INT PRIMARY KEY, a INT, doubled INT GENERATED ALWAYS AS (a * 2) STORED, hidden INT INVISIBLE DEFAULT 5, virt INT GENERATED ALWAYS AS (a + 1) VIRTUAL);
INSERT INTO made (id, a) VALUES (1, 21);
UPDATE made SET a = 22 WHERE id = 1;
CREATE TABLE no_keys (a INT, b VARCHAR(5));
INSERT INTO no_keys VALUES (1, 'x'), (1, 'x');
UPDATE no_keys SET b = 'y';
DELETE FROM no_keys LIMIT 1;
CREATE TABLE charsets (id INT PRIMARY KEY, cp VARCHAR(20) CHARACTER SET cp1251, sj VARCHAR(20) CHARACTER SET sjis, gbk VARCHAR(20) CHARACTER SET gbk, u16 VARCHAR(20) CHARACTER SET utf16);
INSERT INTO charsets VALUES (1, 'привет', '日本', '中文', 'hé😀');
