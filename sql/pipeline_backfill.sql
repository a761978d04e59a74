-- Backfill: tickets from before, and those that came with triggers off
SET client_min_messages = warning;
CREATE SCHEMA pipeline_backfill;
SET search_path = pipeline_backfill;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, channel text, status text);

INSERT INTO tickets (id, body) SELECT g, (ARRAY['I want a refund', 'where is my parcel', 'the login fails'])[g % 3 + 1] FROM generate_series(1, 100) AS g;
SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'parcels', 'delivery_status', 'a parcel may be lost');
INSERT INTO tickets (id, body) VALUES (101, 'where is my parcel');
CALL triage.backfill('tickets', 7, escalate => false);
SELECT intent, count(*), min(revision), max(revision) FROM triage.decision GROUP BY intent ORDER BY intent;
SELECT ticket_key FROM triage.escalation;
CALL triage.backfill('tickets');
SELECT count(*) FROM triage.decision_history;

-- with escalations
SET session_replication_role = replica;
INSERT INTO tickets (id, body) VALUES (200, 'where is my parcel'), (201, 'I want a refund');
RESET session_replication_role;
SELECT count(*) FROM triage.decision;
CALL triage.backfill('tickets');
SELECT ticket_key, cause FROM triage.escalation ORDER BY ticket_key;

-- inside a transaction block it commits nothing by itself
DELETE FROM triage.decision;
BEGIN;
CALL triage.backfill('tickets', 10);
SELECT count(*) FROM triage.decision;
ROLLBACK;
SELECT count(*) FROM triage.decision;
DO $$
DECLARE n bigint;
BEGIN
    CALL triage.backfill('tickets', 10, true, n);
    RAISE WARNING '% decided', n;
END
$$;

-- an error in the middle keeps the batches before it; a second call goes on
DELETE FROM triage.decision;
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.ticket_key = '55' THEN RAISE 'stopped'; END IF; RETURN NEW; END$$;
CREATE TRIGGER stop BEFORE INSERT ON triage.decision FOR EACH ROW EXECUTE FUNCTION stop();
\set VERBOSITY terse
CALL triage.backfill('tickets', 10);
\set VERBOSITY default
SELECT count(*) FROM triage.decision;
DROP TRIGGER stop ON triage.decision;
CALL triage.backfill('tickets', 10);
SELECT count(*) FROM triage.decision;

-- failures are told
DELETE FROM triage.decision;
SELECT triage.drop_model('intent');
SET client_min_messages = notice;
CALL triage.backfill('tickets');
SET client_min_messages = warning;
SELECT outcome, count(*) FROM triage.decision GROUP BY outcome;

-- what failed is tried again: what fails again stays as it is, what can be decided now is decided
SET client_min_messages = notice;
CALL triage.backfill('tickets');
SET client_min_messages = warning;
SELECT outcome, count(*), max(revision) FROM triage.decision GROUP BY outcome;
SELECT count(*) FROM triage.decision_history;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'the login fails'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
DELETE FROM triage.escalation;
SET client_min_messages = notice;
CALL triage.backfill('tickets', 30, escalate => false);
CALL triage.backfill('tickets');
SET client_min_messages = warning;
SELECT intent, outcome = 'failed' AS failed, count(*), min(revision), max(revision) FROM triage.decision GROUP BY 1, 2 ORDER BY 1;
SELECT replaced_why, outcome, count(*) FROM triage.decision_history GROUP BY 1, 2;
SELECT count(*) FROM triage.escalation;
-- one that cannot be decided by any means stops nobody, and the same key of another tenant is not touched
CREATE TABLE odds (id int, tenant text, body text, PRIMARY KEY (id, tenant));
SELECT triage.attach('odds') ->> 'tenant' AS tenant;
INSERT INTO odds SELECT n, t, 'I want a refund' FROM generate_series(1, 5) AS n, unnest('{a,b}'::text[]) AS t;
UPDATE triage.decision SET outcome = 'failed' WHERE tenant_id = 'a';
CREATE FUNCTION stop_it() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'stopped'; END$$;
CREATE TRIGGER stop BEFORE UPDATE ON triage.decision FOR EACH ROW WHEN (NEW.ticket_key = '4' AND NEW.tenant_id = 'a') EXECUTE FUNCTION stop_it();
SET client_min_messages = notice;
CALL triage.backfill('odds');
SET client_min_messages = warning;
SELECT tenant_id, ticket_key, outcome, revision FROM triage.decision WHERE tenant_id <> '' ORDER BY 1, 2;
DROP TRIGGER stop ON triage.decision;
SELECT triage.detach('odds', true);

-- nothing is written where nothing may be
BEGIN READ ONLY;
CALL triage.backfill('tickets');
ROLLBACK;

-- an empty table
TRUNCATE tickets;
CALL triage.backfill('tickets');

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SET client_min_messages = warning;
DROP SCHEMA pipeline_backfill CASCADE;
SELECT count(*) FROM triage.decision;
