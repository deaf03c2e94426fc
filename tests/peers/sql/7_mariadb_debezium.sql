-- Types of MariaDB that Maxwell 1.22.6 stops at, after it has ended. JSON is text, and a uuid is CHAR(16) in
-- the binlog, without its trailing zeros.
CREATE DATABASE unknown CHARACTER SET utf8mb4;
USE unknown;
CREATE TABLE docs (id INT PRIMARY KEY, j JSON);
INSERT INTO docs VALUES (1, '{}'), (2, '[ 1,  2.50 ]'), (3, 'null'), (4, NULL), (5, '{"a": 1, "b": "x\\ny"}');
UPDATE docs SET j = JSON_SET(j, '$.a', 2) WHERE id = 5;
CREATE TABLE ids (id INT PRIMARY KEY, u UUID);
INSERT INTO ids VALUES (1, '123e4567-e89b-12d3-a456-426655440001'), (2, NULL), (3, '123e4567-e89b-12d3-a456-426655440000');
CREATE TABLE made (id INT PRIMARY KEY, a INT, doubled INT GENERATED ALWAYS AS (a * 2) STORED, hidden INT INVISIBLE DEFAULT 5);
INSERT INTO made (id, a) VALUES (1, 21);
UPDATE made SET a = 22 WHERE id = 1;
