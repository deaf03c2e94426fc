-- Maxwell stops when it sees this row.
CREATE DATABASE halfway;
CREATE TABLE halfway.marker (id INT PRIMARY KEY);
INSERT INTO halfway.marker VALUES (1);
