-- Debezium stops when it sees this row.
CREATE DATABASE finished;
CREATE TABLE finished.marker (id INT PRIMARY KEY);
INSERT INTO finished.marker VALUES (1);
