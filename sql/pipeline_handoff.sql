-- All that whoever takes over a ticket should know, and no more than they may see
SET client_min_messages = warning;
CREATE SCHEMA pipeline_handoff;
SET search_path = pipeline_handoff;
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET datestyle = 'ISO';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
INSERT INTO triage.sla_policy (policy_id, position, name) VALUES (1, 1, 'everybody');
INSERT INTO triage.sla_target (policy_id, metric, target) VALUES (1, 'first_reply', '2 hours'), (1, 'next_reply', '2 hours'), (1, 'resolution', '30 hours');
INSERT INTO triage.agent (name) VALUES ('ann');
CREATE TABLE orders (number text PRIMARY KEY, customer text);
INSERT INTO orders VALUES ('A-1', 'ada'), ('A-2', 'ada'), ('A-3', 'bob');
INSERT INTO triage.entity_kind (name, relation, key_column, requester_column, pattern) VALUES ('order', 'orders', 'number', 'customer', 'A-\d+');
CREATE TABLE tickets (id int PRIMARY KEY, customer text, subject text, body text, status text, created_at timestamptz, firm text DEFAULT 'x');
SELECT triage.attach('tickets', '{"tenant": null}') ->> 'customer' AS customer;
INSERT INTO triage.agent_queue (agent, queue) VALUES ('ann', 'triage');
CREATE TABLE messages (id int PRIMARY KEY, ticket_id int, author_kind text, body text, created_at timestamptz);
SELECT triage.attach_messages('messages') ->> 'id' AS id;
SET support_triage.clock = '2026-11-23 10:00+00';
INSERT INTO tickets VALUES
    (1, 'ada', 'My order A-1', 'I want a refund for order A-1, A-2 and A-1, not A-3 of somebody else, thank you', 'new', '2026-11-23 09:00+00'),
    (2, 'ada', 'Parcel', 'where is my parcel', 'closed', '2026-11-20 09:00+00'),
    (3, 'ada', 'Password', 'I forgot my password', 'open', '2026-11-21 09:00+00'),
    (4, 'bob', 'Money', 'I want a refund', 'new', '2026-11-23 09:00+00'),
    (5, 'ada', 'My order A-1', 'I want a refund for order A-1, A-2 and A-1, not A-3 of somebody else, thank you', 'new', '2026-11-23 09:10+00'),
    (6, 'ada', NULL, NULL, NULL, NULL);
-- facts.entities: kinds and what there is of them
SELECT ticket_key, entities FROM triage.decision ORDER BY ticket_key;
SELECT ticket_key FROM triage.claim_ticket('ann', batch => 2);
INSERT INTO messages VALUES (1, 1, 'agent', 'We are sorry.', '2026-11-23 09:30+00'), (2, 1, 'customer', 'This is terrible, I am very angry!', '2026-11-23 09:40+00'),
    (3, 1, 'note', 'a difficult one', '2026-11-23 09:41+00'), (4, 1, 'bot', repeat('patience ', 200), NULL);
UPDATE tickets SET body = body || '!' WHERE id = 1;
SELECT triage.escalate('tickets', '1', 'the customer called', priority => 90) > 0 AS escalated;

CREATE FUNCTION handed(key text) RETURNS jsonb LANGUAGE sql AS 'SELECT triage.handoff(''tickets'', key)';
SELECT h ->> 'table' AS "table", h ->> 'ticket_key' AS key, h ->> 'status' AS status, h -> 'entities' AS entities, h -> 'waiting' AS waiting FROM handed('1') h;
SELECT jsonb_object_keys(h) AS member FROM handed('1') h ORDER BY 1;
SELECT h -> 'decision' ->> 'revision' AS revision, h -> 'decision' ->> 'queue' AS queue, h -> 'decision' -> 'reasons' AS reasons, h -> 'decision' -> 'facts' ->> 'customer' AS customer FROM handed('1') h;
SELECT x - '{intent,reasons}'::text[] AS history FROM handed('1') h, jsonb_array_elements(h -> 'history') x;
SELECT x AS assignment FROM handed('1') h, jsonb_array_elements(h -> 'assignments') x;
SELECT x AS clock FROM handed('1') h, jsonb_array_elements(h -> 'clocks') x;
SELECT x - 'created_at' AS escalation FROM handed('1') h, jsonb_array_elements(h -> 'escalations') x;
SELECT x -> 'position' AS p, x ->> 'at' AS at, x ->> 'author_kind' AS author, x -> 'by_customer' AS customer, x ? 'score' AS scored, x ? 'slope' AS slope FROM handed('1') h, jsonb_array_elements(h -> 'sentiment_path') x;
SELECT x ->> 'by' AS by, x ->> 'at' AS at, left(x ->> 'text', 20) AS text, length(x ->> 'text') AS length, x -> 'whole' AS whole FROM handed('1') h, jsonb_array_elements(h -> 'told') x;
SELECT x ->> 'ticket_key' AS key, x ->> 'relation' AS relation, x ->> 'status' AS status, x #>> '{decided,intent}' AS intent FROM handed('1') h, jsonb_array_elements(h -> 'related') x ORDER BY 1;
SELECT x ->> 'ticket_key' AS key, x ->> 'relation' AS relation FROM handed('5') h, jsonb_array_elements(h -> 'related') x ORDER BY 1;
-- one of which little is known
SELECT handed('6') - '{decision,sentiment_path,clocks,related}'::text[];
SELECT triage.handoff(NULL, '1'), triage.handoff('tickets', NULL);
SELECT triage.handoff('tickets', '99');
SELECT triage.handoff('messages', '1');
-- one that has no decision
ALTER TABLE tickets DISABLE TRIGGER USER;
INSERT INTO tickets VALUES (7, 'eve', NULL, 'hello', NULL, NULL);
ALTER TABLE tickets ENABLE TRIGGER USER;
SELECT h -> 'decision' AS decision, h -> 'history' AS history, h -> 'clocks' AS clocks FROM handed('7') h;

-- an entity that cannot be looked up is a reason, not an error
ALTER TABLE orders RENAME number TO nr;
INSERT INTO tickets VALUES (8, 'ada', NULL, 'where is my parcel of order A-1', 'new', NULL);
SELECT entities, reasons FROM triage.decision WHERE ticket_key = '8';
ALTER TABLE orders RENAME nr TO number;
-- as the owner of the tickets, who may not read it
CREATE ROLE regress_st_handoff;
GRANT USAGE ON SCHEMA pipeline_handoff TO regress_st_handoff;
ALTER TABLE tickets OWNER TO regress_st_handoff;
CREATE ROLE regress_st_handoff_clerk;
GRANT USAGE ON SCHEMA triage, pipeline_handoff TO regress_st_handoff_clerk;
GRANT SELECT, INSERT, UPDATE ON tickets, messages TO regress_st_handoff_clerk;
SET ROLE regress_st_handoff_clerk;
INSERT INTO tickets VALUES (9, 'ada', NULL, 'where is my parcel of order A-1', 'new', NULL);
SELECT triage.handoff('tickets', '9');
RESET ROLE;
SELECT entities, reasons FROM triage.decision WHERE ticket_key = '9';

-- related tickets, and the ticket itself, as the caller sees them
GRANT EXECUTE ON FUNCTION triage.handoff(regclass, text, text) TO regress_st_handoff_clerk;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON tickets TO regress_st_handoff_clerk USING (id NOT IN (3, 4));
SET ROLE regress_st_handoff_clerk;
SELECT x ->> 'ticket_key' AS key FROM triage.handoff('tickets', '1') h, jsonb_array_elements(h -> 'related') x ORDER BY 1;
SELECT triage.handoff('tickets', '4');
RESET ROLE;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.entity_kind;
DELETE FROM triage.sla_policy;
DELETE FROM triage.agent;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_handoff CASCADE;
REVOKE ALL ON SCHEMA triage FROM regress_st_handoff_clerk;
DROP OWNED BY regress_st_handoff, regress_st_handoff_clerk;
DROP ROLE regress_st_handoff, regress_st_handoff_clerk;
