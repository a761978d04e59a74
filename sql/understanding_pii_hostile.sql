-- Documents that are made to take long: nothing may, whatever they hold.
SET statement_timeout = '60s';
CREATE TEMP TABLE hostile (what text, document text);
INSERT INTO hostile
SELECT what, repeat(piece, 1000000 / octet_length(piece))
FROM (VALUES ('digits', '1'), ('zeros', '0'), ('at', '@'), ('dots', 'a.a.'), ('dashes', '1-'), ('points', '1.'), ('pairs', '12 '),
    ('groups', '1234 '), ('joined', '1234-'), ('local', 'a@'), ('domains', 'a@a.'), ('colons', ':'), ('hex', '1:'), ('scopes', 'a::'),
    ('schemes', '://'), ('links', 'http://'), ('hosts', 'www.'), ('open', '('), ('codes', '(1)'), ('plus', '+1'), ('ibans', 'DE89 '),
    ('days', '5 may '), ('of', '5 of of '), ('octets', '10.0.0.1.'), ('commas', '1234567,'), ('arabic', '٥ '), ('wide', '１'),
    ('hidden', '1​'), ('han', '电'), ('w', 'w'), ('blanks', ' '), ('breaks', E'\n'), ('letters', 'x'), ('minus', '-')) AS v(what, piece);
INSERT INTO hostile VALUES
    ('one link', 'http://' || repeat('a', 1000000)), ('one domain', 'a@' || repeat('a.', 500000)),
    ('one label', 'a@' || repeat('a', 1000000) || '.com'), ('one local', repeat('a', 1000000) || '@example.com'),
    ('marks', '1' || repeat(chr(769), 400000)), ('emoji', repeat('👍🏽', 120000)), ('bidi', repeat(chr(8238) || '1', 250000));
SELECT what, count(*) FROM hostile, triage.find_pii(document) p GROUP BY what ORDER BY what COLLATE "C";
-- and with patterns that regular expressions are slow with
INSERT INTO triage.pii_kind (name, pattern, allow) VALUES
    ('NESTED', '((a|1)+[.@:-]*)+b', NULL), ('LAZY', 'x.*?y|1.*2', NULL), ('MANY', '\d', '(\d+.?)+z');
SELECT count(*) FROM hostile, triage.find_pii(left(document, 20000));
TRUNCATE triage.pii_kind;

-- what there is much of is found, all of it, to the end of a long document
SELECT count(*), count(DISTINCT value) FROM triage.find_pii(repeat('4111 1111 1111 1111 ', 50000));
SELECT count(*), max(start) FROM triage.find_pii(repeat('ada@example.com, ', 60000));
SELECT count(*), max(start) FROM triage.find_pii(repeat('ada@example.com/', 60000));
SELECT count(*) FROM triage.find_pii(repeat('call 555-123-4567,', 60000));
SELECT length(triage.redact(repeat('é', 500000) || ' ada@example.com')) AS redacted_at_the_end;
SELECT sum(length(value)), bool_and(substr(d, start, length) = value)
FROM (SELECT string_agg(format('é%s😀 person%s@example.com', i, i), E'\n') AS d FROM generate_series(1, 3000) AS i) s, triage.find_pii(d);
-- no limit of documents holds for what is handed out as redacted
SET support_triage.max_document_bytes = 256;
SELECT right(triage.redact(repeat('x ', 1000) || 'ada@example.com'), 12);
RESET support_triage.max_document_bytes;

-- controls, marks alone, half of anything
SELECT triage.redact(E'\x01\x02 4111\t1111 1111 1111 \x7f'), triage.redact(chr(769) || chr(8203) || chr(65279));
SELECT triage.redact('@'), triage.redact('a@'), triage.redact('@b.cc'), triage.redact('+'), triage.redact('('), triage.redact('(1'),
       triage.redact(':'), triage.redact('::'), triage.redact('//'), triage.redact('www.'), triage.redact('DE'), triage.redact('DE8'), triage.redact('DE89');
SELECT triage.redact(chr(1114109) || ' ada@example.com ' || chr(65533));

-- other encodings
CREATE DATABASE understanding_pii_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE understanding_pii_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE understanding_pii_jp ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0;
\set here :DBNAME
\c understanding_pii_latin1
SET client_encoding = 'UTF8';
  CREATE EXTENSION support_triage;
SELECT *, substr(d, start, length) = value AS same FROM (VALUES ('Grüße, é ada@exämple.com, 5. März 2031')) AS v(d), triage.find_pii(d);
INSERT INTO triage.pii_kind (name, pattern, context) VALUES ('KENNUNG', 'ÄÖ-\d+', '{Schlüssel}');
SELECT triage.redact('Schlüssel ÄÖ-17 für ada@example.com');
\c understanding_pii_ascii
SET client_encoding = 'SQL_ASCII';
  CREATE EXTENSION support_triage;
SELECT kind, start, length FROM triage.find_pii(E'caf\xe9 \xff ada@example.com, 5. M\xc3\xa4rz 2031');
SELECT encode(triage.redact(E'caf\xe9 \xff ada@example.com')::bytea, 'escape');
\c understanding_pii_jp
SET client_encoding = 'UTF8';
  CREATE EXTENSION support_triage;
SELECT *, substr(d, start, length) = value AS same FROM (VALUES ('電話番号は０３-１２３４-５６７８です ada@example.com')) AS v(d), triage.find_pii(d);
INSERT INTO triage.pii_kind (name, pattern) VALUES ('CODE', '番号\d+');
SELECT triage.redact('番号１２３'), triage.redact('電話番号は０３-１２３４-５６７８です');
\c :here
DROP DATABASE understanding_pii_latin1;
DROP DATABASE understanding_pii_ascii;
DROP DATABASE understanding_pii_jp;
