-- Managing versions: activate, drop, what hands do to triage.model
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
SELECT version FROM triage.train('shop', 'SELECT body, upper(label) FROM tickets ORDER BY id');

-- activation is transactional and retires the version before
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
BEGIN;
SELECT triage.activate('shop', 2);
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SAVEPOINT s;
SELECT triage.activate('shop', 1);
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
ROLLBACK TO s;
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
ROLLBACK;
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT triage.activate('shop', 2);
SELECT triage.activate('shop', 2);
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT version, status FROM triage.model ORDER BY version;

-- within one statement of a function, too
CREATE FUNCTION flip() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE result text[];
BEGIN
    FOR v IN 1..2 LOOP
        PERFORM triage.activate('shop', v);
        result := result || (triage.classify('shop', 'Hello, my parcel has not arrived yet')).label;
    END LOOP;
    RETURN result;
END $$;
SELECT flip();

-- dropping; numbers are not given again
SELECT triage.drop_model('shop', 1);
SELECT version, status FROM triage.model ORDER BY version;
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
SELECT triage.drop_model('shop', 3);
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
BEGIN;
SELECT triage.drop_model('shop');
SELECT count(*) FROM triage.model;
ROLLBACK;
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT triage.drop_model('shop');
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
SELECT version, status FROM triage.model ORDER BY version;
SELECT name, version, dropped_by = current_user AS by_me FROM triage.model_dropped ORDER BY name, version;
TRUNCATE triage.model;
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');

-- at most one version is active
SELECT version FROM triage.train('shop', 'SELECT body, label FROM tickets ORDER BY id');
UPDATE triage.model SET status = 'active' WHERE version = 7;

-- rows may be changed by hand: renamed models and labels are seen at once
UPDATE triage.model SET status = 'shadow' WHERE version = 7;
UPDATE triage.model SET name = 'store', labels = ARRAY['Delivery', 'Login', 'Refund'] WHERE version = 6;
SELECT label FROM triage.classify('store', 'Hello, my parcel has not arrived yet');
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');

-- what is damaged is said to be, and cannot be activated
CREATE FUNCTION attempt(model text) RETURNS text LANGUAGE plpgsql AS
$$ BEGIN RETURN (triage.classify(model, 'Hello, my parcel has not arrived yet')).label; EXCEPTION WHEN data_corrupted THEN RETURN regexp_replace(SQLERRM, 'damaged: .*', 'damaged'); END $$;
CREATE TABLE backup AS SELECT * FROM triage.model;
UPDATE triage.model SET weights = overlay(weights PLACING '\xdeadbeef' FROM octet_length(weights) / 2) WHERE name = 'store';
SELECT label FROM triage.classify('store', 'Hello');
SELECT triage.activate('store', 6);
UPDATE triage.model SET weights = '\x', checksum = encode(sha256('\x'), 'hex') WHERE name = 'store';
SELECT attempt('store');
UPDATE triage.model m SET weights = substr(b.weights, 1, b.size_bytes::int / 2), checksum = encode(sha256(substr(b.weights, 1, b.size_bytes::int / 2)), 'hex')
FROM backup b WHERE m.name = b.name AND m.version = b.version AND m.name = 'store';
SELECT attempt('store');
UPDATE triage.model m SET weights = b.weights, checksum = 'none' FROM backup b WHERE m.name = b.name AND m.version = b.version AND m.name = 'store';
SELECT label FROM triage.classify('store', 'Hello');
UPDATE triage.model m SET checksum = b.checksum, labels = ARRAY['one'] FROM backup b WHERE m.name = b.name AND m.version = b.version AND m.name = 'store';
SELECT label FROM triage.classify('store', 'Hello');
UPDATE triage.model m SET labels = ARRAY['a', 'a', 'b'] FROM backup b WHERE m.name = b.name AND m.version = b.version AND m.name = 'store';
SELECT * FROM triage.evaluate('store', 'SELECT body, label FROM tickets');
UPDATE triage.model m SET labels = b.labels FROM backup b WHERE m.name = b.name AND m.version = b.version AND m.name = 'store';
SELECT label FROM triage.classify('store', 'Hello, my parcel has not arrived yet');

-- a model of another Unicode is used, with one warning a session
UPDATE triage.model SET weights = overlay(weights PLACING 'Unicode 99.0'::bytea FROM position('Unicode '::bytea IN weights)) WHERE name = 'store';
UPDATE triage.model SET checksum = encode(sha256(weights), 'hex') WHERE name = 'store';
\set VERBOSITY sqlstate
SELECT label FROM triage.classify('store', 'Hello, my parcel has not arrived yet');
SELECT label FROM triage.classify('store', 'Hello, my parcel has not arrived yet');

-- clean up
\set VERBOSITY default
DROP SCHEMA model_test CASCADE;
TRUNCATE triage.model, triage.model_dropped;
SELECT count(*) >= 0 AS listed FROM triage.refresh_models();
