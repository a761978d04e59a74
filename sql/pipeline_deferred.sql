-- Mode "deferred": tickets are noted by the trigger and decided later
SET client_min_messages = warning;
CREATE SCHEMA pipeline_deferred;
SET search_path = pipeline_deferred;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, body text, note text);
SELECT triage.attach('tickets', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'parcels', 'delivery_status', 'a parcel may be lost');
CREATE VIEW noted AS SELECT ticket_key, again, attempts, next_try IS NOT NULL AS later, error FROM triage.backlog ORDER BY note_id, ticket_key;
CREATE VIEW decided AS SELECT ticket_key, revision, outcome, intent FROM triage.decision ORDER BY ticket_key;

-- noted, and nothing else
INSERT INTO tickets VALUES (1, 'I want a refund'), (2, 'where is my parcel'), (3, 'the login fails');
SELECT * FROM noted;
SELECT * FROM decided;
SELECT tickets, waiting, failing, oldest IS NOT NULL AS oldest, lag > '0' AS lag, next_try FROM triage.backlog_status;
-- decided, with escalations
SELECT triage.decide_backlog();
SELECT * FROM decided;
SELECT ticket_key, cause FROM triage.escalation;
SELECT count(*) FROM triage.backlog;
SELECT triage.decide_backlog(10);

-- a change of what decides is noted; a change of other columns is not
UPDATE tickets SET note = 'seen';
UPDATE tickets SET body = 'give my money back' WHERE id = 3;
UPDATE tickets SET body = 'I forgot my password' WHERE id = 3;
SELECT * FROM noted;
SELECT triage.decide_backlog(10);
SELECT * FROM decided;
SELECT ticket_key, revision, replaced_why FROM triage.decision_history;

-- changed before it was decided: one decision, of what it is
INSERT INTO tickets VALUES (4, 'I want a refund');
UPDATE tickets SET body = 'the login fails' WHERE id = 4;
SELECT * FROM noted;
SELECT triage.decide_backlog(1);
SELECT * FROM decided WHERE ticket_key = '4';
SELECT * FROM noted;

-- gone, or decided by hand, or by a backfill, before the worker came
INSERT INTO tickets VALUES (5, 'I want a refund'), (6, 'I want a refund'), (7, 'I want a refund');
DELETE FROM tickets WHERE id = 5;
SELECT triage.decide_again('tickets', '6');
CALL triage.backfill('tickets');
SELECT triage.decide_backlog(10);
SELECT * FROM decided WHERE ticket_key IN ('5', '6', '7');
UPDATE tickets SET body = 'the login fails' WHERE id = 6;
SELECT triage.decide_again('tickets', '6');
SELECT * FROM noted;

-- a key that is used again, and one that changes
DELETE FROM tickets WHERE id = 7;
INSERT INTO tickets VALUES (7, 'where is my parcel');
UPDATE tickets SET id = 60 WHERE id = 6;
SELECT triage.decide_backlog(10);
SELECT * FROM decided WHERE ticket_key IN ('6', '60', '7');

-- many: in the order of arrival, a hundred in a note
INSERT INTO tickets SELECT g, 'I want a refund' FROM generate_series(1000, 2249) AS g;
SELECT count(*) AS tickets, count(DISTINCT note_id) AS notes FROM triage.backlog;
SELECT triage.decide_backlog(150);
SELECT min(ticket_key), max(ticket_key), count(*) FROM triage.backlog;
SELECT triage.decide_backlog() = triage.now() AS call_again;
SELECT triage.decide_backlog() = triage.now() AS call_again;
SELECT triage.decide_backlog();
SELECT count(*) FROM decided WHERE ticket_key::int >= 1000;

-- rolled back, nothing was noted; and deciding is rolled back as a whole
BEGIN;
INSERT INTO tickets VALUES (8, 'I want a refund');
ROLLBACK;
SELECT * FROM noted;
INSERT INTO tickets VALUES (8, 'I want a refund');
BEGIN;
SELECT triage.decide_backlog(10);
SELECT count(*) FROM triage.backlog;
ROLLBACK;
SELECT * FROM noted;
SELECT * FROM decided WHERE ticket_key = '8';

-- attached anew with the other mode: what was noted is still decided
SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO tickets VALUES (9, 'I want a refund');
SELECT * FROM noted;
SELECT triage.decide_backlog(10);
SELECT * FROM decided WHERE ticket_key IN ('8', '9');
-- detached, too
SELECT triage.attach('tickets', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO tickets VALUES (10, 'I want a refund');
SELECT triage.detach('tickets');
SELECT triage.decide_backlog(10);
SELECT * FROM decided WHERE ticket_key = '10';
-- but not after a purge, a truncation, or a drop
SELECT triage.attach('tickets', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO tickets VALUES (11, 'I want a refund');
TRUNCATE tickets;
SELECT * FROM noted;
INSERT INTO tickets VALUES (12, 'I want a refund');
SELECT triage.detach('tickets', true);
SELECT * FROM noted;
CREATE TABLE brief (id int PRIMARY KEY, body text);
SELECT triage.attach('brief', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO brief VALUES (1, 'I want a refund');
SELECT triage.detach('brief');
DROP TABLE brief;
SELECT triage.decide_backlog(10);
SELECT * FROM noted;

-- tenants share no note, and keys may be the same
CREATE TABLE shared (tenant_id text, id uuid, body text, UNIQUE (tenant_id, id), CHECK (id IS NOT NULL));
ALTER TABLE shared ALTER id SET NOT NULL;
SELECT triage.attach('shared', options => '{"mode": "deferred"}') ->> 'tenant' AS tenant;
INSERT INTO shared
SELECT (ARRAY['b', 'a', NULL])[g % 3 + 1], ('00000000-0000-0000-0000-00000000000' || g % 2)::uuid, 'I want a refund' FROM generate_series(1, 6) AS g;
SELECT tenant_id, right(ticket_key, 1) AS key FROM triage.backlog ORDER BY 1, 2;
SELECT tenant_id, cardinality(ticket_keys) FROM triage.backlog_note ORDER BY 1;
SELECT triage.decide_backlog(10);
SELECT tenant_id, right(ticket_key, 1) AS key, revision FROM triage.decision ORDER BY 1, 2;
SELECT triage.detach('shared', true);

-- partitions: rows are noted one by one, and a row that moves is decided again
CREATE TABLE parts (id int, kind text, body text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
SELECT triage.attach('parts', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO parts VALUES (1, 'a', 'I want a refund'), (2, 'b', 'I want a refund');
SELECT triage.decide_backlog(10);
UPDATE parts SET kind = 'b', body = 'the login fails' WHERE id = 1;
SELECT ticket_key, again FROM noted;
SELECT triage.decide_backlog(10);
SELECT * FROM decided;
SELECT triage.detach('parts', true);

-- a column that is gone: failed at once; the key: tried again, then given up
CREATE TABLE broken (id int PRIMARY KEY, body text);
SELECT triage.attach('broken', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO broken VALUES (1, 'I want a refund');
ALTER TABLE broken RENAME body TO told;
SELECT triage.decide_backlog(10);
SELECT outcome, reasons FROM triage.decision;
ALTER TABLE broken RENAME told TO body;
INSERT INTO broken VALUES (2, 'I want a refund');
ALTER TABLE broken RENAME id TO number;
SELECT triage.decide_backlog(10);
SELECT * FROM noted;
ALTER TABLE broken RENAME number TO id;
SET support_triage.clock = '2100-01-01';
SELECT triage.decide_backlog(10);
RESET support_triage.clock;
SELECT * FROM decided;
SELECT triage.detach('broken', true);

-- tickets are read as the table's owner, whom no policy of the table binds
CREATE TABLE risky (id int PRIMARY KEY, body text);
SELECT triage.attach('risky', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO risky SELECT g, 'I want a refund' FROM generate_series(1, 50) AS g;
CREATE ROLE regress_st_owner;
GRANT USAGE ON SCHEMA pipeline_deferred TO regress_st_owner;
ALTER TABLE risky OWNER TO regress_st_owner;
ALTER TABLE risky ENABLE ROW LEVEL SECURITY;
ALTER TABLE risky FORCE ROW LEVEL SECURITY;
SELECT triage.decide_backlog(100);
SELECT count(*) FROM decided;
SELECT triage.detach('risky', true);

-- a ticket that makes its batch fail keeps nobody waiting, and is given up in the end
CREATE TABLE poison (id int PRIMARY KEY, body text);
SELECT triage.attach('poison', options => '{"mode": "deferred"}') ->> 'body' AS body;
INSERT INTO poison SELECT g, 'I want a refund' FROM generate_series(1, 50) AS g;
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.ticket_key = '37' AND NEW.outcome <> 'failed' THEN RAISE 'stopped'; END IF; RETURN NEW; END$$;
CREATE TRIGGER stop BEFORE INSERT ON triage.decision FOR EACH ROW EXECUTE FUNCTION stop();
SET support_triage.clock = '2100-01-01 10:00+00';
SELECT triage.decide_backlog();
SELECT count(*) FROM decided;
SELECT * FROM noted;
SELECT triage.decide_backlog();
SET support_triage.clock = '2100-01-01 10:00:05+00';
SELECT triage.decide_backlog();
SET support_triage.clock = '2100-01-01 10:00:35+00';
SELECT triage.decide_backlog();
SET support_triage.clock = '2100-01-01 10:02:35+00';
SELECT triage.decide_backlog();
SELECT * FROM noted;
SELECT tickets, waiting, failing FROM triage.backlog_status;
SET support_triage.clock = '2100-01-01 10:12:35+00';
SELECT triage.decide_backlog();
SELECT ticket_key, outcome, reasons FROM triage.decision WHERE ticket_key = '37';
SELECT * FROM noted;
RESET support_triage.clock;
DROP TRIGGER stop ON triage.decision;
SELECT triage.detach('poison', true);

-- numbers, and read-only transactions
SELECT triage.decide_backlog(0);
SELECT triage.decide_backlog(10001);
BEGIN READ ONLY;
SELECT triage.decide_backlog();
ROLLBACK;

-- leave nothing behind
SELECT count(*) FROM triage.decision;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_deferred CASCADE;
DROP ROLE regress_st_owner;
