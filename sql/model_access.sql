-- Who may do what: nothing is granted, queries run as the caller, rows are written as the owner
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

CREATE ROLE regress_triage_nobody;
CREATE ROLE regress_triage_trainer;
CREATE ROLE regress_triage_reader;
GRANT USAGE ON SCHEMA triage, model_test TO regress_triage_nobody, regress_triage_trainer, regress_triage_reader;
GRANT EXECUTE ON FUNCTION triage.classify(text, text) TO regress_triage_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA triage TO regress_triage_trainer;

-- without a grant nothing works
SET ROLE regress_triage_nobody;
SELECT triage.classify('shop', 'x');
SELECT triage.train('shop', 'SELECT 1, 2');
SELECT count(*) FROM triage.model_overview;
SELECT count(*) FROM triage.training_progress;
RESET ROLE;

-- EXECUTE is enough to classify, whatever one may read of triage.model
SET ROLE regress_triage_reader;
SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
SELECT count(*) FROM triage.model;
SELECT triage.activate('shop', 1);
RESET ROLE;

-- a query handed in runs as the caller
SET ROLE regress_triage_trainer;
SELECT triage.train('mine', 'SELECT body, label FROM model_test.tickets');
SELECT triage.evaluate('shop', 'SELECT body, label FROM model_test.tickets');
SELECT triage.train('mine', 'SELECT name, checksum FROM triage.model');
RESET ROLE;
GRANT SELECT ON tickets TO regress_triage_trainer;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON tickets TO regress_triage_trainer USING (id <= 60 AND label <> 'login');

-- ... and sees what the caller sees; the row is written for a caller who may not write it
SET ROLE regress_triage_trainer;
SELECT version, examples, labels FROM triage.train('mine', 'SELECT body, label FROM model_test.tickets');
INSERT INTO triage.model SELECT * FROM triage.model;
RESET ROLE;
SELECT name, labels, trained_by FROM triage.model WHERE name = 'mine';

-- operators and functions of the caller's own are not run with the owner's rights
GRANT CREATE ON SCHEMA model_test TO regress_triage_trainer;
SET ROLE regress_triage_trainer;
CREATE FUNCTION model_test.trap(text, text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'trapped as %', current_user; END $$;
CREATE OPERATOR model_test.= (LEFTARG = text, RIGHTARG = text, FUNCTION = model_test.trap);
CREATE FUNCTION model_test.sees() RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
SET search_path = model_test, pg_catalog;
SELECT version FROM triage.train('mine', 'SELECT body, label FROM tickets');
SELECT triage.activate('mine', 2);
SELECT triage.drop_model('mine', 1);
SELECT version FROM triage.train('who', 'SELECT body || model_test.sees(), label FROM tickets');
SELECT (triage.confusion('who', 'SELECT ''x'', model_test.sees()')).actual;
SET search_path = model_test;
RESET ROLE;
SELECT name, version, status FROM triage.model WHERE name = 'mine';
SELECT name, version, dropped_by = session_user AS by_session FROM triage.model_dropped;

-- who calls a SECURITY DEFINER function trains as its owner
CREATE FUNCTION train_for_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
$$ SELECT examples FROM triage.train('all', 'SELECT body, label FROM model_test.tickets') $$;
SET ROLE regress_triage_nobody;
SELECT train_for_all();
RESET ROLE;

-- clean up
DROP OWNED BY regress_triage_nobody, regress_triage_trainer, regress_triage_reader CASCADE;
DROP ROLE regress_triage_nobody, regress_triage_trainer, regress_triage_reader;
DROP SCHEMA model_test CASCADE;
TRUNCATE triage.model, triage.model_dropped;
SELECT count(*) >= 0 AS listed FROM triage.refresh_models();
