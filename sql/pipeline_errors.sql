-- What attach and its kin refuse, and what they say
SET client_min_messages = warning;
CREATE SCHEMA pipeline_errors;
SET search_path = pipeline_errors;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

CREATE TABLE tickets (id int PRIMARY KEY, body text, happened text);

-- columns
CREATE TABLE strange (nr int, words text);
SELECT triage.attach('strange');
SELECT triage.attach('strange', '{"id": "nr"}');
SELECT triage.attach('strange', '{"id": "nr", "body": "words"}');
SELECT triage.attach('tickets', '{"body": "contents"}');
SELECT triage.attach('tickets', '{"text": "body"}');
SELECT triage.attach('tickets', '{"body": 7}');
SELECT triage.attach('tickets', '["body"]');
SELECT triage.attach('tickets', '{"created_at": "happened"}');
SELECT triage.attach('tickets', '{"body": null}');
SELECT triage.attach('tickets', '{"id": "ctid"}');

-- keys
CREATE TABLE keyless (id int NOT NULL, body text);
SELECT triage.attach('keyless');
CREATE TABLE partly (id int NOT NULL, body text);
CREATE UNIQUE INDEX ON partly (id) WHERE body IS NOT NULL;
SELECT triage.attach('partly');
CREATE TABLE together (id int, part int, body text, PRIMARY KEY (id, part));
SELECT triage.attach('together');
CREATE TABLE maybe (id int UNIQUE, body text);
SELECT triage.attach('maybe');
CREATE TABLE inexact (id float8 PRIMARY KEY, body text);
SELECT triage.attach('inexact');
CREATE TABLE timed (id timestamptz PRIMARY KEY, body text);
SELECT triage.attach('timed');

-- options
SELECT triage.attach('tickets', options => '{"colour": "red"}');
SELECT triage.attach('tickets', options => '{"on_error": "ignore"}');
SELECT triage.attach('tickets', options => '{"clean": "yes"}');
SELECT triage.attach('tickets', options => '{"mode": "later"}');
SELECT triage.attach('tickets', options => '{"mode": "deferred", "on_error": "raise"}');
SELECT triage.attach('tickets', options => '[]');
SELECT triage.attach('tickets', options => '{"intent_model": ""}');
SELECT triage.attach('tickets', options => '{"intent_model": "intents"}');

-- relations
CREATE VIEW looked AS SELECT * FROM tickets;
SELECT triage.attach('looked');
CREATE TEMP TABLE fleeting (id int PRIMARY KEY, body text);
SELECT triage.attach('fleeting');
SELECT triage.attach('triage.decision');
SELECT triage.attach(0);
SELECT triage.detach('tickets');
CALL triage.backfill('tickets');
SELECT triage.explain_decision('tickets', '1');
SELECT triage.decide_again('tickets', '1');

-- calls that make no sense
SELECT triage.attach('tickets') IS NOT NULL AS attached;
CALL triage.backfill('tickets', 0);
CALL triage.backfill('tickets', NULL);
SELECT triage.explain_decision('tickets', '1');
SELECT triage.explain_decision('tickets', 'one');
SELECT triage.explain_decision('tickets', NULL);
CREATE TRIGGER mine AFTER INSERT ON tickets EXECUTE FUNCTION triage.ticket_inserted();
INSERT INTO tickets VALUES (1, 'I want a refund');
DROP TRIGGER mine ON tickets;
CREATE TRIGGER mine BEFORE INSERT ON tickets EXECUTE FUNCTION triage.ticket_inserted('1');
INSERT INTO tickets VALUES (1, 'I want a refund');
DROP TRIGGER mine ON tickets;
SELECT triage.ticket_inserted();

-- leave nothing behind
SELECT triage.detach('tickets', true);

DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_errors CASCADE;
SELECT count(*) FROM triage.decision;
