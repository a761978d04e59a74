-- Classifying: labels, ranking, strange documents
SET client_min_messages = warning;
-- what came with the extension is not of this test
TRUNCATE triage.model, triage.model_dropped;

CREATE SCHEMA model_test;
SET search_path = model_test;
CREATE TABLE tickets AS
SELECT row_number() OVER (ORDER BY label, request, greeting) AS id,
       greeting || ' ' || request AS body, label
FROM unnest(ARRAY['Hello,', 'Good morning,', 'Dear team,', 'Hi there,', 'Please help:']) AS greeting,
     (VALUES ('delivery', 'my parcel has not arrived yet'),
             ('delivery', 'where is the package that I ordered last week'),
             ('delivery', 'the courier left my parcel with a neighbour'),
             ('delivery', 'tracking shows no movement of the shipment'),
             ('refund', 'I want my money back for the broken lamp'),
             ('refund', 'when will the refund reach my bank account'),
             ('refund', 'you charged me twice, please return the money'),
             ('refund', 'I sent the shoes back and wait for my refund'),
             ('login', 'I cannot log in with my new password'),
             ('login', 'the password reset mail never comes'),
             ('login', 'my account is locked after three wrong passwords'),
             ('login', 'the login page says that my user is unknown')) AS r(label, request);
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');

SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT label FROM triage.classify('shop', 'Dear team, you charged me twice, please return the money');
SELECT label FROM triage.classify('shop', 'Hi there, I cannot log in with my new password');
SELECT pg_typeof(p), pg_typeof((p).label), pg_typeof((p).confidence), pg_typeof((p).margin), pg_typeof((p).in_scope)
FROM triage.classify('shop', 'Hello') AS p;

-- documents that were trained with are mostly recognised
SELECT count(*) > 50 AS recognised FROM tickets WHERE (triage.classify('shop', body)).label = label;

-- probabilities are probabilities
SELECT count(*) AS n, bool_and(confidence BETWEEN 0 AND 1) AS confidence_ok,
       bool_and(margin BETWEEN 0 AND confidence) AS margin_ok, bool_and(in_scope IS NOT NULL) AS in_scope_ok
FROM tickets, triage.classify('shop', body);
SELECT count(*) AS n, abs(sum(confidence) - 1) < 1e-4 AS sum_ok, abs(sum(margin) - max(confidence)) < 1e-4 AS margins_ok
FROM triage.classify_top('shop', 'when will the refund arrive', 100);

-- the best comes first and is what classify says
SELECT t.label = c.label AS same_label, t.confidence = c.confidence AS same_confidence,
       abs(t.margin - c.margin) < 1e-6 AS same_margin, t.in_scope = c.in_scope AS same_scope
FROM triage.classify_top('shop', 'when will the refund arrive', 1) AS t, triage.classify('shop', 'when will the refund arrive') AS c;
SELECT bool_and(confidence <= before) AS falling
FROM (SELECT confidence, lag(confidence) OVER () AS before
      FROM triage.classify_top('shop', 'when will the refund arrive', 3)) AS s;

-- NULL gives NULL
SELECT triage.classify(NULL, 'x') IS NULL AS no_model, triage.classify('shop', NULL) IS NULL AS no_document;
SELECT count(*) FROM triage.classify_top('shop', NULL, 3);

-- no document is an error
CREATE TABLE strange AS SELECT * FROM (VALUES
    ('empty', ''), ('blank', E' \t\r\n'), ('one character', 'x'), ('one word, 1 MB', repeat('refund', 175000)),
    ('words, 1 MB', repeat('refund ', 150000)), ('emoji, 1 MB', repeat(U&'\+01F600', 262144)),
    ('combining marks without base', repeat(U&'\0301\0300\0323', 100)), ('zero width and direction', U&'\200B\200D\202E\2066refund\2069'),
    ('numbers', '1234567890 3.14 -7'), ('punctuation', '?!?!... --- ***'), ('Thai', U&'\0E2A\0E27\0E31\0E2A\0E14\0E35'),
    ('unassigned and private', U&'\0378\E000\+10FFFF')) AS v(what, document);
SELECT what, (p).label = ANY (labels) AS known, (p).confidence BETWEEN 0 AND 1 AS confidence_ok, (p).in_scope IS NOT NULL AS in_scope_ok
FROM (SELECT what, triage.classify('shop', document) AS p FROM strange) AS s, triage.model
WHERE name = 'shop' ORDER BY what;

-- nor as the first one of a session
\c -
SELECT (triage.classify('shop', '')).confidence BETWEEN 0 AND 1 AS empty;
\c -
SELECT count(*) FROM triage.explain('shop', '');
\c -
SET search_path = model_test;
SET client_min_messages = warning;

-- compressed and out-of-line values give what plain ones give
CREATE TABLE stored (document text);
INSERT INTO stored SELECT document FROM strange;
SELECT count(*) AS n, count(*) FILTER (WHERE triage.classify('shop', stored.document) = triage.classify('shop', strange.document || '')) AS same
FROM stored JOIN strange USING (document);

-- several models in one query, names that come from rows
SELECT version FROM triage.train('reverse', 'SELECT body, reverse(label) FROM tickets ORDER BY id');
SELECT m, (triage.classify(m, body)).label, (triage.classify('shop', body)).label AS shop
FROM (SELECT * FROM tickets WHERE id % 20 = 1 ORDER BY id) AS t, (VALUES ('shop'), ('reverse')) AS v(m) ORDER BY id, m;

-- in parallel workers
CREATE FUNCTION workers(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
    RETURN substring(plan::text from '"Workers Launched": (\d+)');
END $$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT count(*), count(*) FILTER (WHERE l IN ('delivery', 'login', 'refund')) AS known
FROM (SELECT (triage.classify('shop', body)).label AS l FROM tickets) AS s;
SELECT workers('SELECT count((triage.classify(''shop'', body)).label) FROM tickets') IS NOT NULL AS planned_parallel;

-- clean up
DROP SCHEMA model_test CASCADE;
TRUNCATE triage.model, triage.model_dropped;
SELECT count(*) >= 0 AS listed FROM triage.refresh_models();
