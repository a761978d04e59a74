-- Judging a model: evaluate, confusion, explain
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
SELECT version FROM triage.train('shop', 'SELECT body, CASE label WHEN ''login'' THEN ''access'' ELSE label END FROM tickets ORDER BY id');

-- evaluate measures the active version, or the one that is named
SELECT version, examples, labels, accuracy > 0.8 AS accuracy_ok, macro_f1 > 0.8 AS macro_f1_ok, log_loss >= 0 AS log_loss_ok,
       calibration_error BETWEEN 0 AND 1 AS calibration_ok, coverage BETWEEN 0 AND 1 AS coverage_ok, unknown_labels, skipped
FROM triage.evaluate('shop', 'SELECT body, label FROM tickets');
SELECT version, examples, labels, accuracy < 0.8 AS accuracy_low, unknown_labels
FROM triage.evaluate('shop', 'SELECT body, label FROM tickets', 2);

-- its figures are what classify gives
SELECT abs(e.accuracy - c.accuracy) < 1e-9 AS accuracy_same, abs(e.coverage - c.coverage) < 1e-9 AS coverage_same,
       e.accuracy_in_scope IS NOT DISTINCT FROM c.accuracy_in_scope OR abs(e.accuracy_in_scope - c.accuracy_in_scope) < 1e-9 AS in_scope_same
FROM triage.evaluate('shop', 'SELECT body, label FROM tickets') AS e,
     (SELECT avg((p.label = t.label)::int)::float8 AS accuracy, avg(p.in_scope::int)::float8 AS coverage,
             avg((p.label = t.label)::int) FILTER (WHERE p.in_scope)::float8 AS accuracy_in_scope
      FROM tickets AS t, triage.classify('shop', body) AS p) AS c;

-- labels that the model does not know are wrong, and rows without document or label are skipped
SELECT examples, labels, accuracy, macro_f1, log_loss, accuracy_in_scope IS NULL OR accuracy_in_scope = 0 AS none_right, unknown_labels, skipped
FROM triage.evaluate('shop', $$ VALUES ('my parcel', 'weather'), ('my password', 'sport'), ('my refund', 'sport'), (NULL, 'x'), ('x', NULL) $$);

-- confusion counts all examples, and agrees with evaluate
SELECT sum(n) AS n, count(DISTINCT actual) AS actual, bool_and(predicted IN ('delivery', 'login', 'refund')) AS known,
       sum(n) FILTER (WHERE actual = predicted) / sum(n)::float8 - (SELECT accuracy FROM triage.evaluate('shop', 'SELECT body, label FROM tickets')) AS difference
FROM triage.confusion('shop', 'SELECT body, label FROM tickets');
SELECT actual, sum(n) FROM triage.confusion('shop', $$ VALUES ('my parcel', 'weather'), ('my password', 'sport'), ('my refund', 'sport') $$) GROUP BY actual ORDER BY actual;
SELECT bool_and(predicted IN ('access', 'delivery', 'refund')) AS known FROM triage.confusion('shop', 'SELECT body, label FROM tickets', 2);

-- explain: tokens are where it says, one row is not of the document
SELECT count(*) > 1 AS rows_ok, bool_and(token = substr(document, start, length)) FILTER (WHERE token IS NOT NULL) AS tokens_ok,
       count(*) FILTER (WHERE token IS NULL AND start = 0 AND length = 0) AS bias_rows, bool_and(contribution IS NOT NULL) AS numbers_ok
FROM (VALUES (U&'Hello, \00E9\+01F600 my PARCEL has not arrived yet \2014 when?')) AS v(document), triage.explain('shop', document);
SELECT token IS NOT NULL AS of_document, count(*) > 0 FROM triage.explain('shop', 'my parcel') GROUP BY 1 ORDER BY 1;
SELECT (SELECT array_agg(e ORDER BY start, length) FROM triage.explain('shop', d) AS e)
     = (SELECT array_agg(e ORDER BY start, length) FROM triage.explain('shop', d, (triage.classify('shop', d)).label) AS e) AS predicted_by_default
FROM (VALUES ('where is my refund')) AS v(d);

-- the label with the highest score is the one that classify gives
SELECT label = (triage.classify('shop', 'my refund has not come')).label AS same
FROM unnest(ARRAY['delivery', 'login', 'refund']) AS label, triage.explain('shop', 'my refund has not come', label)
GROUP BY label ORDER BY sum(contribution) DESC LIMIT 1;
SELECT count(*) FROM triage.explain('shop', NULL);
SELECT count(*) FROM triage.explain(NULL, 'x');
SELECT count(*) FILTER (WHERE token IS NULL) AS bias_rows FROM triage.explain('shop', '');
SELECT bool_and(token = substr(d, start, length)) FROM (VALUES (repeat('refund ', 2000))) AS v(d), triage.explain('shop', d) WHERE token IS NOT NULL;
-- contributions add up to what the probabilities are made of, however often a word is said
SELECT d.name, count(*) AS labels, max(abs(exp(s.score) / d.total - t.confidence)) < 1e-4 AS adds_up
FROM (SELECT name, text, (SELECT sum(exp(score)) FROM (SELECT sum(contribution) AS score FROM triage.classify_top('shop', text, 100) AS l,
             triage.explain('shop', text, l.label) GROUP BY l.label) AS scores) AS total
      FROM (VALUES ('once', 'my refund has not come'), ('twice', 'my refund, my refund'), ('255 times', repeat('refund ', 255) || 'parcel'),
                   ('256 times', repeat('refund ', 256) || 'parcel'), ('2000 times', repeat('refund ', 2000) || 'parcel')) AS v(name, text)) AS d,
     triage.classify_top('shop', d.text, 100) AS t,
     LATERAL (SELECT sum(contribution) AS score FROM triage.explain('shop', d.text, t.label)) AS s
GROUP BY d.name ORDER BY d.name;
-- more than 255 times is as often as 255
SELECT (SELECT array_agg(confidence) FROM triage.classify_top('shop', repeat('refund ', 256), 100))
     = (SELECT array_agg(confidence) FROM triage.classify_top('shop', repeat('refund ', 2000), 100)) AS same;

-- clean up
DROP SCHEMA model_test CASCADE;
TRUNCATE triage.model, triage.model_dropped;
SELECT count(*) >= 0 AS listed FROM triage.refresh_models();
