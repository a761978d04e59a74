-- Entities: what a text names is one only when the user's table has a row for it.
CREATE SCHEMA understanding_entities;
SET search_path = understanding_entities;
CREATE TABLE orders (number text COLLATE "C" PRIMARY KEY, customer text NOT NULL);
INSERT INTO orders SELECT 'A-' || i, 'c' || i % 10 FROM generate_series(1000, 1999) AS i;
CREATE TABLE invoices (id int PRIMARY KEY, owner int);
INSERT INTO invoices SELECT i, i % 7 FROM generate_series(5000, 5999) AS i;
CREATE TABLE products (name text, folded text GENERATED ALWAYS AS (lower(name)) STORED);
INSERT INTO products (name) VALUES ('Barista Pro'), ('Barista'), ('Mill X-200'), ('Café Crème'), ('咖啡机');
CREATE INDEX ON products (name);
CREATE INDEX ON products (folded);
ANALYZE orders, invoices, products;

-- no kinds, no entities
SELECT * FROM triage.entities('order A-1234');
INSERT INTO triage.entity_kind (name, relation, key_column, requester_column, pattern) VALUES
    ('order', 'orders', 'number', 'customer', 'A-\d+'), ('invoice', 'invoices', 'id', NULL, '\minvoice #?(\d+)');
-- a row that is there, and the requester's
SELECT * FROM triage.entities('order A-1234 and A-1235, A-9999, not XA-1234 or A-12345', 'c4');
SELECT * FROM triage.entities('order A-1234 and A-1235', 'someone else');
-- what must belong to someone belongs to nobody who is not known
SELECT * FROM triage.entities('order A-1234, invoice 5017, invoice #5018, invoice 4');
SELECT * FROM triage.entities('invoice 5017 or 5018 or invoice 99999999999999999999 and invoice 5017', 'c4');
-- offsets are those of the document, digits of any script are digits
SELECT e.*, substr(d, start, length) AS there
FROM (VALUES ('😀 é A-１２３４, order' || chr(160) || 'A-١٢٤٤')) AS v(d), triage.entities(d, 'c4') e;
-- a requester that is no value of the column owns nothing, and is no error
UPDATE triage.entity_kind SET requester_column = 'owner' WHERE name = 'invoice';
SELECT kind, value FROM triage.entities('invoice 5017', 'not a number');
SELECT kind, value FROM triage.entities('invoice 5017 and invoice 5018', (5017 % 7)::text);
UPDATE triage.entity_kind SET requester_column = NULL WHERE name = 'invoice';

-- names of products, without a pattern: the longest; as they are written, or in lower case
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('product', 'products', 'name');
SELECT * FROM triage.entities('The Barista Pro and the Barista are fine, but the barista pro, my Mill X-200 and the Café Crème; 我的咖啡机坏了');
UPDATE triage.entity_kind SET key_column = 'folded', letter_case = 'lower' WHERE name = 'product';
SELECT * FROM triage.entities('The BARISTA pro and my mill x-200, the Barista, Pro');
UPDATE triage.entity_kind SET max_words = 1 WHERE name = 'product';
SELECT kind, value FROM triage.entities('The BARISTA pro');
UPDATE triage.entity_kind SET max_words = 3 WHERE name = 'product';

-- bounded, whatever the text holds: 32 different candidates by a pattern
SELECT count(*), count(DISTINCT value), max(value) FROM triage.entities((SELECT string_agg('A-1' || lpad((i * 10 + 4)::text, 3, '0'), ' ' ORDER BY i) FROM generate_series(0, 99) AS i), 'c4');
SELECT count(*) FROM triage.entities(repeat('A-1234 ', 100000), 'c4');
SELECT count(*) FROM triage.entities(repeat('barista pro ', 100000));
SELECT count(*) FROM triage.entities(repeat('x', 1000000));
SELECT count(*) FROM triage.entities(''), triage.entities(NULL) b;
-- by an index
SET enable_seqscan = off;
SELECT kind FROM triage.entities('A-1234', 'c4');
SELECT kind FROM triage.entities('A-1234', 'c4');
RESET enable_seqscan;

-- with the caller's rights: what may not be read is left out, the rest is not
CREATE ROLE regress_st_entities;
GRANT USAGE ON SCHEMA triage, understanding_entities TO regress_st_entities;
GRANT EXECUTE ON FUNCTION triage.entities(text, text) TO regress_st_entities;
GRANT SELECT (number, customer) ON orders TO regress_st_entities;
GRANT SELECT ON products TO regress_st_entities;
SET ROLE regress_st_entities;
SELECT kind, value FROM triage.entities('A-1234 of the Barista Pro, invoice 5017', 'c4');
RESET ROLE;
-- row-level security is the caller's too
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON products TO regress_st_entities USING (name = 'Barista');
SET ROLE regress_st_entities;
SELECT kind, value FROM triage.entities('Barista Pro and Barista');
RESET ROLE;
SELECT kind, value FROM triage.entities('Barista Pro and Barista');
ALTER TABLE products DISABLE ROW LEVEL SECURITY;

-- a renamed table is followed; what is gone is left out, and says so
ALTER TABLE orders RENAME TO purchases;
CREATE TABLE orders (number text PRIMARY KEY, customer text);
SELECT kind, value FROM triage.entities('A-1234, invoice 5017', 'c4');
ALTER TABLE purchases RENAME COLUMN number TO no;
SELECT kind, value FROM triage.entities('A-1234, invoice 5017', 'c4');
ALTER TABLE purchases RENAME COLUMN no TO number;
SELECT kind, value FROM triage.entities('A-1234, invoice 5017', 'c4');
ALTER TABLE invoices ALTER COLUMN id TYPE text;
SELECT kind, value FROM triage.entities('A-1234, invoice 5017', 'c4');
DROP TABLE purchases;
SELECT kind, value = '5017' AS same FROM triage.entities('A-1234, invoice 5017', 'c4');
UPDATE triage.entity_kind SET enabled = false WHERE name = 'order';
SELECT kind FROM triage.entities('A-1234, invoice 5017', 'c4');

-- nobody's operators or casts are used
CREATE FUNCTION evil(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'called'; RETURN true; END$$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = evil);
SET search_path = understanding_entities, pg_catalog;
SELECT kind, value FROM triage.entities('invoice 5017, invoice 4711');
SET search_path = understanding_entities;
DROP OPERATOR understanding_entities.= (text, text);
-- a domain's constraint is not called either
CREATE FUNCTION loud(text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'called'; RETURN true; END$$;
CREATE DOMAIN code AS varchar(10) CHECK (loud(VALUE));
CREATE TABLE codes (c code PRIMARY KEY);
SET client_min_messages = warning;
INSERT INTO codes VALUES ('Q1');
RESET client_min_messages;
INSERT INTO triage.entity_kind (name, relation, key_column, pattern, letter_case) VALUES ('code', 'codes', 'c', 'q\d+', 'upper');
SELECT kind, value FROM triage.entities('q1 and q2');

-- rows are checked when they are written
CREATE VIEW seen AS SELECT * FROM products;
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('bad', 'seen', 'name');
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('bad', 'nothing', 'name');
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('bad', 'products', 'nothing');
INSERT INTO triage.entity_kind (name, relation, key_column, requester_column) VALUES ('bad', 'products', 'name', 'nothing');
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('bad', 'products', 'name', '(');
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('bad', 'products', 'name', '(a)\1');
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('bad', 'products', 'name', 'a?');
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('Bad', 'products', 'name');
INSERT INTO triage.entity_kind (name, relation, key_column, letter_case) VALUES ('bad', 'products', 'name', 'title');
CREATE TABLE plain (n int, j json);
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('bad', 'plain', 'n');
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('bad', 'plain', 'j', '\d+');
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('slow', 'plain', 'n', '\d+');
GRANT INSERT ON triage.entity_kind TO regress_st_entities;
SET ROLE regress_st_entities;
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('mine', 'plain', 'n', '\d+');
RESET ROLE;
-- but what a dump has comes back
SET check_function_bodies = off;
INSERT INTO triage.entity_kind (name, relation, key_column, pattern) VALUES ('gone', '1'::oid::regclass, 'n', '\d+');
RESET check_function_bodies;
SELECT kind, value FROM triage.entities('invoice 5017');
SELECT extconfig @> ARRAY['triage.entity_kind'::regclass::oid] AS dumped FROM pg_extension WHERE extname = 'support_triage';

REVOKE ALL ON triage.entity_kind FROM regress_st_entities;
REVOKE ALL ON FUNCTION triage.entities(text, text) FROM regress_st_entities;
REVOKE USAGE ON SCHEMA triage FROM regress_st_entities;
SET client_min_messages = warning;
DROP SCHEMA understanding_entities CASCADE;
DROP ROLE regress_st_entities;
