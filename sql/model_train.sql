-- Training: versions, statuses, what is counted, what is stored
SET client_min_messages = warning;	-- no progress from a slow machine
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

-- the first version of a name is active, later ones are candidates
SELECT version, examples, labels, accuracy BETWEEN 0 AND 1 AS accuracy_ok,
       macro_f1 BETWEEN 0 AND 1 AS macro_f1_ok, log_loss >= 0 AS log_loss_ok,
       calibration_error BETWEEN 0 AND 1 AS calibration_ok, seconds > 0 AS seconds_ok, skipped
FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
SELECT version FROM triage.train('other', 'SELECT body, label FROM tickets ORDER BY id');
SELECT name, version, status, labels, options, trained_by = current_user AS by_me,
       trained_at <= now() AS dated, unicode_version ~ 'Unicode' AS unicode, size_bytes > 0 AS sized
FROM triage.model_overview ORDER BY name, version;
SELECT name, version, octet_length(weights) = size_bytes AS size_ok,
       encode(sha256(weights), 'hex') = checksum AS checksum_ok
FROM triage.model ORDER BY name, version;
SELECT provenance - 'seconds' AS provenance, (provenance->>'seconds')::float8 > 0 AS seconds_ok
FROM triage.model WHERE name = 'shop' AND version = 1;
SELECT k, metrics ? k AS there
FROM triage.model, unnest(ARRAY['examples', 'accuracy', 'macro_f1', 'log_loss', 'calibration_error',
                                'coverage', 'accuracy_in_scope', 'out_of_scope_threshold']) AS k
WHERE name = 'shop' AND version = 1;

-- the same rows and options give the same model
SELECT count(DISTINCT checksum) FROM triage.model;
SELECT version FROM triage.train('words', 'SELECT body, label FROM tickets ORDER BY id', '{"features": "text"}');
SELECT count(DISTINCT checksum) FROM triage.model;

-- rows without document or label are skipped and counted
SELECT examples, labels, skipped FROM triage.train('gaps', $$
    SELECT body, label FROM tickets
    UNION ALL VALUES (NULL, 'delivery'), ('', 'delivery'), (E' \t\n', 'delivery'), (U&'\200B\FEFF\00A0\3000', 'login'),
                     ('a document', NULL), ('a document', ''), ('a document', '  ')$$);
SELECT provenance - 'seconds' - 'examples_query' AS provenance FROM triage.model WHERE name = 'gaps';

-- labels come in an order of their own, whatever that of the rows
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id DESC');
SELECT DISTINCT labels FROM triage.model WHERE name = 'shop';

-- columns of any type are read as text
CREATE TYPE topic AS ENUM ('refund', 'login', 'delivery');
CREATE DOMAIN shortish AS varchar(200);
SELECT examples, labels FROM triage.train('typed', 'SELECT body::shortish, label::topic FROM tickets');
SELECT labels FROM triage.model WHERE name = 'typed';
SELECT examples, labels FROM triage.train('typed', 'SELECT to_jsonb(body), id % 3 FROM tickets');
SELECT labels FROM triage.model WHERE name = 'typed' AND version = 2;

-- the query sees what this transaction did before, and the model can be used at once
BEGIN;
INSERT INTO tickets SELECT id + 1000, 'the invoice ' || id || ' shows a wrong tax number', 'invoice' FROM generate_series(1, 20) AS id;
SELECT examples, labels FROM triage.train('fresh', 'SELECT body, label FROM tickets ORDER BY id');
SELECT label FROM triage.classify('fresh', 'the invoice 7 shows a wrong tax number');
ROLLBACK;
SELECT count(*) FROM triage.model WHERE name = 'fresh';
SELECT label FROM triage.classify('fresh', 'the invoice 7 shows a wrong tax number');

-- from a prepared query, in a function, in a savepoint that is taken back
CREATE FUNCTION retrain(name text) RETURNS int LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT version FROM triage.train(name, 'SELECT body, label FROM tickets')); END $$;
BEGIN;
SELECT retrain('nested');
SAVEPOINT before;
SELECT retrain('nested');
ROLLBACK TO before;
SELECT retrain('nested');
COMMIT;
SELECT version, status FROM triage.model WHERE name = 'nested' ORDER BY version;

-- nobody is training now
SELECT count(*) FROM triage.training_progress;

-- clean up
DROP SCHEMA model_test CASCADE;
TRUNCATE triage.model, triage.model_dropped;
SELECT count(*) >= 0 AS listed FROM triage.refresh_models();
