-- triage.pii_kind: kinds of one's own, and settings of those that are built in.
CREATE FUNCTION pg_temp.found(document text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(kind || ' ' || value || ' ' || confidence, ' | ' ORDER BY start), '-') FROM triage.find_pii(document)
$$;

-- a pattern alone, with context words, with a checksum
INSERT INTO triage.pii_kind (name, pattern) VALUES ('CUSTOMER_NUMBER', 'K-?\d{6}');
SELECT triage.redact('customer K-204801 and K204802, not XK204803, K2048031 or k204804');
INSERT INTO triage.pii_kind (name, pattern, context, threshold)
VALUES ('MEMBER', '\d{6}', '{member,Mitglied,membrésia,会员}', 0.7);
SELECT pg_temp.found(t) FROM (VALUES ('member 204801'), ('MITGLIED: 204801'), ('membresia nº 204801'), ('会员204801'),
    ('204801'), ('204801 is my member number')) AS v(t);
INSERT INTO triage.pii_kind (name, pattern, checksum) VALUES
    ('AADHAAR', '[2-9]\d{3} ?\d{4} ?\d{4}', 'verhoeff'), ('NHS_NUMBER', '\d{3} \d{3} \d{4}', 'mod11'),
    ('TAX_DE', '\d{11}', 'mod11_10'), ('AHV', '756\.\d{4}\.\d{4}\.\d{2}', 'ean'), ('LEI', '[A-Z0-9]{18}\d\d', 'mod97'),
    ('RF', 'RF\d\d[A-Z0-9]{1,21}', 'iban'), ('SIN', '\d{3}-\d{3}-\d{3}', 'luhn');
SELECT pg_temp.found(t) FROM (VALUES
    ('2341 2341 2346'), ('2341 2341 2347'), ('943 476 5919'), ('943 476 5918'), ('86095742719'), ('86095742718'),
    ('756.9217.0769.85'), ('756.9217.0769.84'), ('529900T8BM49AURSDO55'), ('529900T8BM49AURSDO56'), ('RF18539007547034'),
    ('RF18539007547035'), ('046-454-286'), ('046-454-287')) AS v(t);
DELETE FROM triage.pii_kind WHERE checksum <> 'none';
-- digits of other scripts and full-width forms are the same to a pattern
SELECT triage.redact('K-٢٠٤٨٠١, Ｋ－２０４８０１, K-204' || chr(8203) || '801');
-- a pattern may hold what a looser kind finds in it; the longer one stays
INSERT INTO triage.pii_kind (name, pattern) VALUES ('CONTRACT', 'C/\+?\d+[- /\d]*\d');
SELECT triage.redact('contract C/+49 30 901820, or +49 30 901820');
-- in order by place, disjoint, and all that is asked for is reported
SELECT kind, start, length FROM triage.find_pii('K-204801 ada@example.com member 204801 C/12-3');
SELECT triage.redact('K-204801 ada@example.com', ARRAY['CUSTOMER_NUMBER']);
-- anchors are those of the document
INSERT INTO triage.pii_kind (name, pattern) VALUES ('FIRST', '^[a-z]+'), ('LAST', '[a-z]+$');
SELECT triage.redact('alpha beta gamma');
DELETE FROM triage.pii_kind;

-- what is of one's own is allowed: of one kind, of all
SELECT triage.redact('order ORD 555-123-4567, call 555-123-4567, box 4111-1111-1111-1111');
INSERT INTO triage.pii_kind (name, allow) VALUES ('PHONE', 'ORD \d{3}-\d{3}-\d{4}'), ('*', 'box \d{4}(-\d{4}){3}');
SELECT triage.redact('call ORD 555-123-4567, call 555-123-4567, box 4111-1111-1111-1111, card 4111-1111-1111-1111');
-- the built-in kinds: off, of another threshold, with more context words, with a pattern more
UPDATE triage.pii_kind SET enabled = false WHERE name = 'PHONE';
SELECT triage.redact('call 555-123-4567 or ada@example.com'), triage.redact('call 555-123-4567', ARRAY['PHONE']);
UPDATE triage.pii_kind SET enabled = true, threshold = 0.95 WHERE name = 'PHONE';
SELECT triage.redact('maybe 555-123-4567, but call +49 30 901820');
UPDATE triage.pii_kind SET threshold = 0.5, context = '{hotlinija}', pattern = 'ext-\d{4}' WHERE name = 'PHONE';
SELECT triage.redact('hotlinija 467 3395, ext-4711, 467 3395');
INSERT INTO triage.pii_kind (name, threshold) VALUES ('DATE', 0.8);
SELECT triage.redact('on May 5, or on 5 May 2031');
TRUNCATE triage.pii_kind;
SELECT triage.redact('on May 5, or on 5 May 2031');

-- rows are checked when they are written
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD', 'a(b');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD', '[[:nothing:]]');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD', 'x{1,1000}');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD', '(a+)\1');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD', 'a*');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD', '');
INSERT INTO triage.pii_kind (name, pattern, allow) VALUES ('BAD', 'a', 'b)');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('bad', 'a');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('BAD KIND', 'a');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('', 'a');
INSERT INTO triage.pii_kind (name, pattern) VALUES (repeat('A', 64), 'a');
INSERT INTO triage.pii_kind (name, pattern) VALUES (NULL, 'a');
INSERT INTO triage.pii_kind (name) VALUES ('BAD');
INSERT INTO triage.pii_kind (name, pattern, checksum) VALUES ('BAD', 'a', 'crc');
INSERT INTO triage.pii_kind (name, checksum) VALUES ('EMAIL', 'luhn');
INSERT INTO triage.pii_kind (name, pattern, context) VALUES ('BAD', 'a', '{two words}');
INSERT INTO triage.pii_kind (name, pattern, context) VALUES ('BAD', 'a', '{""}');
INSERT INTO triage.pii_kind (name, pattern, context) VALUES ('BAD', 'a', '{NULL}');
INSERT INTO triage.pii_kind (name, pattern, context) VALUES ('BAD', 'a', '{{a,b},{c,d}}');
INSERT INTO triage.pii_kind (name, pattern, threshold) VALUES ('BAD', 'a', 1.5);
INSERT INTO triage.pii_kind (name, pattern, threshold) VALUES ('BAD', 'a', 'NaN');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('*', 'a');
INSERT INTO triage.pii_kind (name) VALUES ('*');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('GOOD', 'a');
UPDATE triage.pii_kind SET pattern = 'a[' WHERE name = 'GOOD';
UPDATE triage.pii_kind SET name = 'good' WHERE name = 'GOOD';
DELETE FROM triage.pii_kind;

-- a change is seen at once, in a transaction too, and goes with it
BEGIN;
INSERT INTO triage.pii_kind (name, pattern) VALUES ('CODE', 'Q\d+');
SELECT triage.redact('Q17');
SAVEPOINT before;
UPDATE triage.pii_kind SET name = 'SECRET';
SELECT triage.redact('Q17');
ROLLBACK TO before;
SELECT triage.redact('Q17');
ROLLBACK;
SELECT triage.redact('Q17');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT triage.redact('Q17');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('CODE', 'Q\d+');
SELECT triage.redact('Q17');
COMMIT;
SELECT triage.redact('Q17');
-- in parallel workers
CREATE TABLE many AS SELECT 'Q' || i || ' ada@example.com' AS t FROM generate_series(1, 2000) AS i;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*), min(triage.redact(t)), max(triage.redact(t)) FROM many;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- who may call it need not read the table, and cannot write it
CREATE ROLE regress_st_pii;
GRANT USAGE ON SCHEMA triage TO regress_st_pii;
SET ROLE regress_st_pii;
SELECT triage.redact('Q17');
RESET ROLE;
GRANT EXECUTE ON FUNCTION triage.redact(text, text[]), triage.find_pii(text) TO regress_st_pii;
SET ROLE regress_st_pii;
SELECT triage.redact('Q17'), (SELECT count(*) FROM triage.find_pii('Q17'));
SELECT count(*) FROM triage.pii_kind;
INSERT INTO triage.pii_kind (name, pattern) VALUES ('MINE', 'a');
RESET ROLE;
REVOKE ALL ON FUNCTION triage.redact(text, text[]), triage.find_pii(text) FROM regress_st_pii;
REVOKE USAGE ON SCHEMA triage FROM regress_st_pii;
DROP ROLE regress_st_pii;

-- rows are dumped
SELECT extconfig @> ARRAY['triage.pii_kind'::regclass::oid] AS dumped FROM pg_extension WHERE extname = 'support_triage';
-- the trigger functions are for triggers
SELECT triage.pii_kind_check();
CREATE TABLE other (a int);
CREATE TRIGGER t AFTER INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION triage.pii_kind_check();
INSERT INTO other VALUES (1);
