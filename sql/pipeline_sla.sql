-- Decisions start clocks; statuses, messages and what becomes of the ticket move them
SET client_min_messages = warning;
CREATE SCHEMA pipeline_sla;
SET search_path = pipeline_sla;
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET datestyle = 'ISO';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
INSERT INTO triage.sla_policy (policy_id, position, name, condition) VALUES
    (1, 10, 'gold', 'segment = ''gold'''),
    (2, 20, 'odd', '100 / (subject_length - 3) > 1000'),
    (3, 90, 'everybody', NULL),
    (4, 99, 'named by a rule', NULL);
INSERT INTO triage.sla_target (policy_id, metric, min_priority, target) VALUES
    (1, 'first_reply', 0, '4 hours'), (1, 'first_reply', 80, '1 hour'), (1, 'next_reply', 0, '2 hours'), (1, 'agent_work', 0, '8 hours'), (1, 'resolution', 0, '40 hours'),
    (3, 'first_reply', 0, '24 hours'), (3, 'next_reply', 0, '24 hours'), (4, 'resolution', 0, '1 hour');
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, segment text, status text, created_at timestamptz);
SELECT triage.attach('tickets') ->> 'status' AS status;
CREATE TABLE messages (id int PRIMARY KEY, ticket_id bigint, author_kind text, body text, created_at timestamptz);
SELECT triage.attach_messages('messages') ->> 'author_kind' AS author_kind;
CREATE VIEW clocks AS SELECT ticket_key AS key, metric, cycle AS c, policy_id AS p, state, started_at, target, consumed, due_at FROM triage.sla_clock ORDER BY ticket_key, metric, cycle;
SET support_triage.clock = '2026-11-23 10:00+00';

-- the first policy that is for the ticket, from its creation on; a condition that throws is none, and the ticket says so
INSERT INTO tickets VALUES
    (1, 'Money', 'I want a refund', 'gold', 'new', '2026-11-23 09:00+00'), (2, 'Parcel', 'where is my parcel', NULL, 'new', '2026-11-23 09:30+00'),
    (3, 'abc', 'where is my parcel', NULL, 'new', NULL), (4, 'Money', 'I want a refund', 'gold', 'Closed', '2026-11-23 09:00+00');
SELECT ticket_key, sla_policy_id, reasons FROM triage.decision ORDER BY ticket_key;
SELECT * FROM clocks;

-- statuses move them
UPDATE tickets SET status = 'pending' WHERE id = 1;
SELECT * FROM clocks WHERE key = '1';
SET support_triage.clock = '2026-11-23 12:00+00';
UPDATE tickets SET status = 'open' WHERE id = 1;
SELECT * FROM clocks WHERE key = '1';
-- one that means the same changes nothing
UPDATE tickets SET status = 'in progress' WHERE id = 1;
SELECT revision FROM triage.decision WHERE ticket_key = '1';

-- messages do: bots and notes answer nothing
INSERT INTO messages VALUES (1, 1, 'bot', 'hello', '2026-11-23 12:01+00'), (2, 1, 'internal_note', 'hm', '2026-11-23 12:01+00');
SELECT count(*) FROM clocks WHERE key = '1' AND metric = 'first_reply' AND state = 'running';
INSERT INTO messages VALUES (3, 1, 'agent', 'we are sorry', '2026-11-23 11:00+00');
INSERT INTO messages VALUES (4, 1, 'end_user', 'and now?', '2026-11-23 11:30+00');
SELECT * FROM clocks WHERE key = '1';
-- one that the future wrote came now
INSERT INTO messages VALUES (5, 1, 'agent', 'wait', '2036-11-23 11:00+00');
SELECT * FROM clocks WHERE key = '1' AND metric = 'next_reply';
-- of tickets that there are none of, or that nothing was promised to
INSERT INTO messages VALUES (6, 99, 'agent', 'hello', NULL), (7, NULL, 'agent', 'hello', NULL), (8, 4, 'agent', 'hello', NULL);
SELECT count(*) FROM clocks WHERE key IN ('99', '4');

-- solved and open again
UPDATE tickets SET status = 'solved' WHERE id IN (1, 2);
SELECT * FROM clocks WHERE key IN ('1', '2');
SET support_triage.clock = '2026-11-23 14:00+00';
UPDATE tickets SET status = 'open' WHERE id = 1;
SELECT * FROM clocks WHERE key = '1';

-- solved before it was decided: its clocks begin when it is reopened, and no first reply is owed
SELECT * FROM clocks WHERE key = '4';
UPDATE tickets SET status = 'on-hold' WHERE id = 4;
SELECT * FROM clocks WHERE key = '4';
SET support_triage.clock = '2026-11-23 15:00+00';
UPDATE tickets SET status = 'open' WHERE id = 4;
SELECT triage.decide_again('tickets', '4');
SELECT * FROM clocks WHERE key = '4';
INSERT INTO messages VALUES (9, 4, 'customer', 'again', NULL);
UPDATE tickets SET status = 'closed' WHERE id = 4;
SELECT key, metric, c, state, started_at, consumed FROM clocks WHERE key = '4';
SET support_triage.clock = '2026-11-23 16:00+00';
UPDATE tickets SET status = 'open' WHERE id = 4;
SELECT key, metric, c, state, started_at, consumed FROM clocks WHERE key = '4';
-- the same when what was said changes with the status, and when the customer had written before
INSERT INTO tickets VALUES (5, 'Money', 'I want a refund', 'gold', 'Closed', '2026-11-23 09:00+00'), (6, 'Money', 'I want a refund', 'gold', 'Closed', '2026-11-23 09:00+00'),
    (7, 'Money', 'I want a refund', NULL, 'Closed', '2026-11-23 09:00+00');
INSERT INTO messages VALUES (10, 6, 'customer', 'still nothing', NULL);
UPDATE tickets SET status = 'open', body = 'where is my parcel' WHERE id IN (5, 7);
UPDATE tickets SET status = 'pending' WHERE id = 6;
SELECT key, metric, c, p, state, started_at, due_at FROM clocks WHERE key IN ('5', '6', '7');
UPDATE tickets SET body = 'I want a refund' WHERE id IN (5, 6, 7);
SELECT key, metric, c, p, state, started_at, due_at FROM clocks WHERE key IN ('5', '6', '7');
DELETE FROM tickets WHERE id IN (4, 5, 6, 7);
SET support_triage.clock = '2026-11-23 14:00+00';

-- decided again: another policy, or another priority
UPDATE tickets SET segment = 'gold' WHERE id = 3;
SELECT * FROM clocks WHERE key = '3';
INSERT INTO triage.routing_rule (position, name, intent, priority) VALUES (1, 'parcels at once', 'delivery_status', 85);
SELECT triage.decide_again('tickets', '3');
SELECT * FROM clocks WHERE key = '3';
UPDATE tickets SET segment = NULL WHERE id = 3;
SELECT * FROM clocks WHERE key = '3';
UPDATE triage.sla_policy SET enabled = false;
SELECT triage.decide_again('tickets', '3');
SELECT * FROM clocks WHERE key = '3';
SELECT sla_policy_id FROM triage.decision WHERE ticket_key = '3';
UPDATE triage.sla_policy SET enabled = true;

-- a rule names the policy; what was considered, and why not
UPDATE triage.routing_rule SET sla_policy = 'named by a rule';
SELECT triage.decide_again('tickets', '3');
SELECT * FROM clocks WHERE key = '3';
SELECT p ->> 'policy' AS policy, p ->> 'condition' AS condition, p -> 'holds' AS holds, p -> 'decides' AS decides, p ->> 'why_not' AS why_not
FROM jsonb_array_elements(triage.explain_decision('tickets', '3') -> 'policies') p;
SELECT c - '{warn_at,paused_in}'::text[] AS clock FROM jsonb_array_elements(triage.explain_decision('tickets', '3') -> 'clocks') c WHERE c ->> 'metric' = 'resolution';
UPDATE triage.sla_policy SET enabled = false WHERE policy_id = 4;
SELECT p ->> 'policy' AS policy, p -> 'decides' AS decides, p ->> 'why_not' AS why_not
FROM jsonb_array_elements(triage.explain_decision('tickets', '3') -> 'policies') p;

-- they go with the ticket
UPDATE tickets SET id = 10, status = 'on-hold' WHERE id = 1;
SELECT * FROM clocks WHERE key IN ('1', '10');
DELETE FROM tickets WHERE id = 10;
SELECT count(*) FROM clocks WHERE key = '10';
TRUNCATE tickets;
SELECT count(*) FROM clocks;

-- tickets from before: nothing is promised to who came before it could be kept, or is solved
ALTER TABLE tickets DISABLE TRIGGER USER;
INSERT INTO tickets VALUES (21, NULL, 'I want a refund', 'gold', 'new', '2026-11-23 09:30+00'), (22, NULL, 'I want a refund', 'gold', 'new', '2026-11-21 09:30+00'),
    (23, NULL, 'I want a refund', 'gold', 'solved', '2026-11-23 09:30+00');
ALTER TABLE tickets ENABLE TRIGGER USER;
CALL triage.backfill('tickets');
SELECT * FROM clocks;

-- a policy that has only promises that begin later
INSERT INTO triage.sla_policy (policy_id, position, name, condition) VALUES (5, 1, 'later', 'segment = ''later''');
INSERT INTO triage.sla_target (policy_id, metric, min_priority, target) VALUES (5, 'next_reply', 0, '8 hours'), (5, 'next_reply', 80, '1 hour');
INSERT INTO tickets VALUES (31, NULL, 'where is my parcel', 'later', 'new', '2026-11-23 13:00+00');
SELECT count(*) FROM clocks WHERE key = '31';
INSERT INTO messages VALUES (31, 31, 'customer', 'hello?', '2026-11-23 13:30+00');
SELECT * FROM clocks WHERE key = '31';

-- whoever may insert tickets and messages needs no right on triage
CREATE ROLE regress_st_sla_clerk;
GRANT USAGE ON SCHEMA pipeline_sla TO regress_st_sla_clerk;
GRANT INSERT, UPDATE, SELECT ON tickets, messages TO regress_st_sla_clerk;
SET ROLE regress_st_sla_clerk;
INSERT INTO tickets VALUES (41, NULL, 'I want a refund', 'gold', 'new', '2026-11-23 13:00+00');
INSERT INTO messages VALUES (41, 41, 'agent', 'hello', NULL);
UPDATE tickets SET status = 'pending' WHERE id = 41;
SELECT triage.message_inserted();
RESET ROLE;
SELECT key, metric, state FROM clocks WHERE key = '41';
DROP OWNED BY regress_st_sla_clerk;
DROP ROLE regress_st_sla_clerk;

-- messages of a view move nothing, which is said; detached ones neither
SELECT triage.detach_messages('messages');
INSERT INTO messages VALUES (42, 41, 'customer', 'hello', NULL);
SELECT count(*) FROM clocks WHERE key = '41' AND metric = 'next_reply';
CREATE VIEW thread AS SELECT * FROM messages;
SET client_min_messages = notice;
SELECT triage.attach_messages('thread', tickets => 'tickets') ->> 'id' AS id;
SELECT triage.detach_messages('thread');
SET client_min_messages = warning;
SELECT triage.attach_messages('messages', tickets => 'tickets', options => '{"agent": ["staff"]}') ->> 'id' AS id;
ALTER TABLE messages RENAME author_kind TO who;
INSERT INTO messages VALUES (43, 41, 'customer', 'hello', NULL);
SELECT triage.attach_messages('messages', '{"author_kind": "who"}', options => '{"agent": ["staff"], "customer": ["client"]}') ->> 'author_kind' AS author_kind;
INSERT INTO messages VALUES (44, 41, 'client', 'hello', NULL), (45, 41, 'someone', 'hello', NULL);
SELECT key, metric, state FROM clocks WHERE key = '41' AND metric = 'next_reply';
INSERT INTO messages VALUES (46, 41, 'Staff', 'hello', NULL);
SELECT key, metric, state FROM clocks WHERE key = '41' AND metric = 'next_reply';

-- deferred: what was written in the thread before the ticket was decided moves its clocks then
SET support_triage.clock = '2026-12-01 10:00+00';
CREATE TABLE later (id bigint PRIMARY KEY, body text, status text, created_at timestamptz);
SELECT triage.attach('later', options => '{"mode": "deferred"}') ->> 'status' AS status;
CREATE TABLE later_messages (id int PRIMARY KEY, ticket_id bigint REFERENCES later, author_kind text, body text, created_at timestamptz);
SELECT triage.attach_messages('later_messages') ->> 'author_kind' AS author_kind;
INSERT INTO later VALUES (51, 'where is my parcel', 'new', '2026-12-01 10:00+00'), (52, 'where is my parcel', 'new', '2026-12-01 10:00+00');
SET support_triage.clock = '2026-12-01 10:30+00';
INSERT INTO later_messages VALUES (1, 51, 'agent', 'on its way', '2026-12-01 10:10+00'), (2, 51, 'customer', 'when?', '2026-12-01 10:20+00'), (3, 52, 'bot', 'hello', NULL);
SELECT ticket_key, author, arrived_at FROM triage.early_message ORDER BY message_no;
SELECT * FROM clocks WHERE key IN ('51', '52');
SET support_triage.clock = '2026-12-01 12:00+00';
SELECT triage.decide_backlog(10);
SELECT metric, c, state, started_at, consumed, due_at, key FROM clocks WHERE key IN ('51', '52');
SELECT count(*) FROM triage.early_message;
-- of tickets that are gone, and of tables that are: a week later nobody waits for them
INSERT INTO later VALUES (53, 'where is my parcel', 'new', NULL);
INSERT INTO later_messages VALUES (4, 53, 'agent', 'on its way', NULL);
DELETE FROM later_messages WHERE id = 4;
DELETE FROM later WHERE id = 53;
SELECT triage.decide_backlog(10);
SELECT count(*) FROM triage.early_message;
SET support_triage.clock = '2026-12-09 12:00+00';
SELECT triage.decide_backlog(10);
SELECT count(*) FROM triage.early_message;
-- what waits with its ticket is kept however long that takes
INSERT INTO later VALUES (55, 'where is my parcel', 'new', '2026-12-09 12:00+00');
INSERT INTO later VALUES (56, 'where is my parcel', 'new', '2026-12-09 12:00+00');
INSERT INTO later_messages VALUES (6, 55, 'agent', 'on its way', NULL), (7, 56, 'agent', 'on its way', NULL);
SET support_triage.clock = '2026-12-20 12:00+00';
SELECT triage.decide_backlog(1);
SELECT ticket_key FROM triage.early_message;
SELECT triage.decide_backlog(1);
SELECT key, metric, state, consumed FROM clocks WHERE key IN ('55', '56');
-- one that cannot move a clock does not stop the others
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.ticket_key = '57' THEN RAISE 'no'; END IF; RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON triage.sla_clock FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO later VALUES (57, 'where is my parcel', 'new', NULL), (58, 'where is my parcel', 'new', NULL);
INSERT INTO later_messages VALUES (8, 57, 'agent', 'on its way', NULL), (9, 58, 'agent', 'on its way', NULL);
SELECT triage.decide_backlog(10);
SELECT key, metric, state FROM clocks WHERE key IN ('57', '58');
DROP TRIGGER refuse ON triage.sla_clock;
SELECT count(*) FROM triage.early_message;
INSERT INTO later VALUES (54, 'where is my parcel', 'new', NULL);
INSERT INTO later_messages VALUES (5, 54, 'agent', 'on its way', NULL);
SELECT triage.detach('later', true);
SELECT count(*) FROM triage.early_message;

-- leave nothing behind
SELECT triage.detach('tickets', true);
SELECT tgname FROM pg_trigger WHERE tgrelid IN ('tickets'::regclass, 'messages'::regclass) AND NOT tgisinternal;
SELECT count(*) FROM clocks;
SELECT count(*) FROM triage.waiting;
DELETE FROM triage.routing_rule;
DELETE FROM triage.sla_policy;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_sla CASCADE;
