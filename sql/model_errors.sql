-- Every message of the model functions
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

-- no models at all
SELECT triage.classify('shop', 'x');
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
SELECT version FROM triage.train('bank', 'SELECT body, label FROM tickets ORDER BY id');
SELECT version FROM triage.train('bank', 'SELECT body, label FROM tickets ORDER BY id');

-- names and versions
SELECT triage.classify('shap', 'x');
SELECT triage.classify('', 'x');
SELECT triage.classify(repeat('long', 20), 'x');
SELECT * FROM triage.classify_top('shap', 'x', 3);
SELECT * FROM triage.classify_top('shop', 'x', 0);
SELECT * FROM triage.explain('shap', 'x');
SELECT * FROM triage.explain('shop', 'x', 'weather');
SELECT * FROM triage.evaluate('shap', 'SELECT body, label FROM tickets');
SELECT * FROM triage.evaluate('bank', 'SELECT body, label FROM tickets', 9);
SELECT * FROM triage.confusion('bank', 'SELECT body, label FROM tickets', -1);
SELECT triage.activate('shap', 1);
SELECT triage.activate('bank', 9);
SELECT triage.activate('bank', 0);
SELECT triage.drop_model('shap');
SELECT triage.drop_model('bank', 9);
SELECT triage.drop_model('bank', 0);
SELECT triage.drop_model('bank', 1);
UPDATE triage.model SET status = 'retired' WHERE name = 'bank';
SELECT triage.classify('bank', 'x');

-- NULL
SELECT triage.train(NULL, 'SELECT body, label FROM tickets');
SELECT triage.train('shop', NULL);
SELECT triage.train('shop', 'SELECT body, label FROM tickets', NULL);
SELECT triage.evaluate('shop', NULL);
SELECT triage.confusion(NULL, 'SELECT body, label FROM tickets');
SELECT triage.activate('shop', NULL);
SELECT triage.drop_model(NULL);

-- what cannot be trained
SELECT triage.train('', 'SELECT body, label FROM tickets');
SELECT triage.train(repeat('x', 64), 'SELECT body, label FROM tickets');
SELECT triage.train('shop', 'SELECT body, label FROM tickets', '[1]');
SELECT triage.train('shop', 'SELECT body, label FROM tickets', '{"weather": 1}');
\set VERBOSITY terse
SELECT triage.train('shop', 'SELECT body, label FROM tickets', '{"features": "leters"}');
SELECT triage.train('shop', 'SELECT body, label FROM tickets', '{"features": 1}');
\set VERBOSITY default
SELECT triage.train('shop', 'SELECT body, label FROM tickets WHERE false');
SELECT triage.train('shop', $$ VALUES (NULL, 'a'), ('', 'b'), ('c', NULL) $$);
SELECT triage.train('shop', $$ SELECT body, 'all' FROM tickets $$);
SELECT triage.train('shop', $$ SELECT 'a document', i FROM generate_series(1, 10001) AS i $$);
SELECT triage.train('shop', $$ SELECT 'a document', repeat('x', 1001) $$);

-- queries that are not what is needed
SELECT triage.train('shop', '');
SELECT triage.train('shop', 'SELECT body FROM tickets');
SELECT triage.train('shop', 'SELECT id, body, label FROM tickets');
SELECT triage.train('shop', 'SELECT body, label FROM tickets; SELECT 1, 2');
SELECT triage.train('shop', 'DELETE FROM tickets RETURNING body, label');
SELECT triage.train('shop', 'WITH d AS (DELETE FROM tickets RETURNING body, label) SELECT * FROM d');
SELECT triage.train('shop', 'SELECT body, label FROM tickets FOR UPDATE');
SELECT triage.train('shop', 'SHOW server_version');
SELECT triage.train('shop', 'DROP TABLE tickets');
SELECT triage.train('shop', 'SELECT body, label FROM tickets WHERE id = $1');
SELECT triage.train('shop', 'SELECT body label FROM FROM tickets');
SELECT triage.train('shop', 'SELECT body, label FROM nowhere');
SELECT triage.train('shop', 'SELECT body, (1 / (id - 5))::text FROM tickets');
SELECT triage.evaluate('shop', 'SELECT body FROM tickets');
SELECT triage.evaluate('shop', 'SELECT body, label FROM tickets WHERE false');
SELECT triage.evaluate('shop', $$ VALUES (NULL, 'a'), ('c', NULL) $$);
SELECT triage.confusion('shop', $$ SELECT 'a document', i FROM generate_series(1, 10001) AS i $$);

-- nothing was trained by all that
SELECT name, version, status FROM triage.model ORDER BY name, version;
SELECT count(*) FROM tickets;

-- read-only transactions
BEGIN READ ONLY;
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT triage.train('shop', 'SELECT body, label FROM tickets');
ROLLBACK;
BEGIN READ ONLY;
SELECT triage.activate('shop', 1);
ROLLBACK;
BEGIN READ ONLY;
SELECT triage.drop_model('shop');
ROLLBACK;

-- the triggers are for triage.model
CREATE FUNCTION pg_temp.not_a_trigger() RETURNS void LANGUAGE c AS 'support_triage', 'st_model_changed';
SELECT pg_temp.not_a_trigger();
CREATE FUNCTION pg_temp.not_a_trigger_either() RETURNS void LANGUAGE c AS 'support_triage', 'st_model_gone';
SELECT pg_temp.not_a_trigger_either();

-- clean up
DROP SCHEMA model_test CASCADE;
TRUNCATE triage.model, triage.model_dropped;
SELECT count(*) >= 0 AS listed FROM triage.refresh_models();
