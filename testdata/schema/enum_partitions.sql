-- Partitions by the hash of an enum: rows belong elsewhere on another server.
CREATE SCHEMA e;
CREATE TYPE e.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE e.top (a int, m e.mood) PARTITION BY LIST (a);
CREATE TABLE e.hashed PARTITION OF e.top FOR VALUES IN (1) PARTITION BY HASH (m);
CREATE TABLE e.hashed_0 PARTITION OF e.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE e.hashed_1 PARTITION OF e.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE e.listed PARTITION OF e.top FOR VALUES IN (2) PARTITION BY LIST (m);
CREATE TABLE e.listed_sad PARTITION OF e.listed FOR VALUES IN ('sad');
