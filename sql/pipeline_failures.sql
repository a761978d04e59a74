-- Triage that fails loses no ticket
SET client_min_messages = warning;
CREATE SCHEMA pipeline_failures;
SET search_path = pipeline_failures;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, channel text, status text);

SELECT triage.attach('tickets') ->> 'body' AS body;
CREATE VIEW decided AS SELECT ticket_key, outcome, tier, queue, intent, reasons FROM triage.ticket_overview;

-- the model is gone
SELECT triage.drop_model('intent');
INSERT INTO tickets (id, body) VALUES (1, 'I want a refund');
SELECT ticket_key, outcome, tier, queue, intent, reasons[1] ~ '^failed: .*intent' AS says_why FROM decided;
UPDATE tickets SET body = 'where is my parcel';
SELECT ticket_key, outcome, queue FROM decided;
SELECT triage.explain_decision('tickets', '1') -> 'now' ->> 'outcome' AS outcome;

-- and comes back
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
SELECT triage.decide_again('tickets', '1');
SELECT ticket_key, outcome, intent FROM decided;
SELECT revision, outcome, replaced_why FROM triage.decision_history ORDER BY revision;

-- the owner may want an error instead
SELECT triage.attach('tickets', options => '{"on_error": "raise"}') ->> 'body' AS body;
SELECT triage.drop_model('intent');
\set VERBOSITY terse
INSERT INTO tickets (id, body) VALUES (2, 'I want a refund');
\set VERBOSITY default
SELECT count(*) FROM tickets;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
INSERT INTO tickets (id, body) VALUES (2, 'I want a refund');
SELECT ticket_key, outcome, intent FROM decided ORDER BY ticket_key;
SELECT triage.attach('tickets') ->> 'body' AS body;

-- a mapped column is dropped: PostgreSQL asks first, because a trigger uses it
ALTER TABLE tickets DROP COLUMN subject;
ALTER TABLE tickets DROP COLUMN subject CASCADE;
INSERT INTO tickets (id, body) VALUES (3, 'I want a refund');
SELECT * FROM decided WHERE ticket_key = '3';
CALL triage.backfill('tickets');
SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO tickets (id, body) VALUES (4, 'I want a refund');
SELECT ticket_key, outcome, intent FROM decided WHERE ticket_key = '4';

-- one that is renamed
ALTER TABLE tickets RENAME COLUMN body TO words;
INSERT INTO tickets (id, words) VALUES (5, 'I want a refund');
UPDATE tickets SET words = 'where is my parcel' WHERE id = 4;
SELECT * FROM decided WHERE ticket_key IN ('4', '5') ORDER BY ticket_key;
ALTER TABLE tickets RENAME COLUMN words TO body;
INSERT INTO tickets (id, body) VALUES (6, 'I want a refund');
SELECT ticket_key, outcome, intent FROM decided WHERE ticket_key = '6';

-- the key itself: nothing can be written, the ticket is kept, a backfill finds it
ALTER TABLE tickets RENAME COLUMN id TO number;
INSERT INTO tickets (number, body) VALUES (7, 'I want a refund');
SELECT count(*) FROM tickets;
SELECT triage.attach('tickets') ->> 'id' AS id;
CALL triage.backfill('tickets');
SELECT ticket_key, outcome, intent FROM decided WHERE ticket_key = '7';

-- the table of sources was emptied by hand
BEGIN;
DELETE FROM triage.source;
\set VERBOSITY sqlstate
INSERT INTO tickets (number, body) VALUES (8, 'I want a refund');
\set VERBOSITY default
SELECT count(*) FROM tickets;
ROLLBACK;

-- a trigger of somebody's on the decisions: everything goes the slow way, and works
CREATE TABLE seen (ticket_key text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO pipeline_failures.seen VALUES (NEW.ticket_key); RETURN NULL; END$$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON triage.decision FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO tickets (number, body) VALUES (9, 'I want a refund'), (10, 'where is my parcel');
UPDATE tickets SET body = 'the login fails' WHERE number = 10;
SELECT * FROM seen;
DROP TRIGGER note ON triage.decision;
INSERT INTO tickets (number, body) VALUES (11, 'I want a refund');
SELECT ticket_key, outcome, intent FROM decided WHERE ticket_key IN ('9', '10', '11') ORDER BY ticket_key::int;
SELECT * FROM seen;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_failures CASCADE;
SELECT count(*) FROM triage.decision;
