-- Decided tickets wait for people, and what the tickets table says moves them
SET client_min_messages = warning;
CREATE SCHEMA pipeline_assign;
SET search_path = pipeline_assign;
SET timezone = 'UTC';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
INSERT INTO triage.queue (name, is_default) VALUES ('all', true), ('money', false);
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, queue, tier, priority) VALUES
    (1, 'refunds', 'refund_request', 0.1, 'money', 'senior', 70), (2, 'passwords', 'account_access', 0.1, NULL, 'self_service', NULL);
INSERT INTO triage.automation_policy (intent, accepted_error, min_confidence) VALUES ('account_access', 0.1, 0.1);
SELECT count(triage.record_evidence(m.name, m.version, 'account_access', 0.1, true)) AS seen FROM triage.model m, generate_series(1, 60) WHERE m.name = 'intent';
SELECT triage.solve_automation() AS solved;
INSERT INTO triage.agent (name, capacity) VALUES ('ann', 2), ('bob', 1);
INSERT INTO triage.agent_queue (agent, queue) VALUES ('ann', 'all'), ('ann', 'money'), ('bob', 'all'), ('bob', 'money');
CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, language text, status text, assigned_agent text, created_at timestamptz);
SELECT triage.attach('tickets') ->> 'assigned_agent' AS agent;
CREATE VIEW waits AS SELECT w.ticket_key AS key, q.name AS queue, w.priority, w.channel, w.language, w.since, a.name AS preferred
FROM triage.waiting w JOIN triage.queue q USING (queue_id) LEFT JOIN triage.agent a ON a.agent_id = w.preferred_agent_id ORDER BY w.ticket_key COLLATE "C";
CREATE VIEW owners AS SELECT s.ticket_key AS key, a.name, s.released_why FROM triage.assignment s JOIN triage.agent a USING (agent_id) ORDER BY s.ticket_key COLLATE "C", s.assignment_id;
CREATE VIEW work AS SELECT a.name, l.units, l.tickets FROM triage.agent a JOIN triage.agent_work l USING (agent_id) ORDER BY 1;
SET support_triage.clock = '2026-11-23 10:00+00';

-- people's tickets wait; automated ones, solved ones and those that somebody has do not
INSERT INTO tickets VALUES
    (1, 'I want a refund', 'mail', 'en', 'new', NULL, '2026-11-23 09:00+00'), (2, 'I forgot my password', 'mail', 'en', 'new', NULL, '2026-11-23 09:10+00'),
    (3, 'where is my parcel', NULL, NULL, 'new', '  ', '2026-11-23 09:20+00'), (4, 'I want a refund', NULL, 'en', 'closed', NULL, '2026-11-23 09:00+00'),
    (5, 'I want a refund', NULL, 'en', 'new', 'zoe', NULL), (6, NULL, NULL, NULL, 'new', NULL, NULL);
SELECT ticket_key, outcome, priority FROM triage.decision ORDER BY ticket_key;
SELECT * FROM waits;

-- deciding again moves what waits, and what is automated now waits no longer
UPDATE tickets SET body = 'I want a refund', language = 'en' WHERE id = 3;
UPDATE tickets SET body = 'I forgot my password' WHERE id = 6;
SELECT * FROM waits;
UPDATE tickets SET body = 'where is my parcel' WHERE id = 2;
SELECT * FROM waits;

-- claimed; deciding again leaves it whose it is
SELECT ticket_key, queue FROM triage.claim_ticket('ann', batch => 2);
UPDATE tickets SET body = 'where is my parcel' WHERE id = 1;
SELECT key FROM waits;
SELECT * FROM owners;
-- the application writes down who has it: nothing more
UPDATE tickets SET assigned_agent = 'ann' WHERE id = 1;
SELECT * FROM owners;
-- solved: the agent has room again
SELECT * FROM work;
UPDATE tickets SET status = 'solved' WHERE id = 1;
SELECT * FROM owners;
SELECT * FROM work;
-- and deciding again does not bring it back
SELECT triage.decide_again('tickets', '1');
SELECT key FROM waits;
-- reopened: to the agent who had it if they are there, else it waits
SELECT triage.set_presence('ann', 'available');
UPDATE tickets SET status = 'open' WHERE id = 1;
SELECT * FROM owners WHERE key = '1';
UPDATE tickets SET status = 'closed' WHERE id = 1;
SELECT triage.set_presence('ann', 'offline');
UPDATE tickets SET status = 'open', assigned_agent = NULL WHERE id = 1;
SELECT * FROM waits WHERE key = '1';
-- what waited and is closed waits no longer; open again, it waits anew
UPDATE tickets SET status = 'closed' WHERE id = 2;
SELECT key FROM waits;
UPDATE tickets SET status = 'open' WHERE id = 2;
SELECT key, since FROM waits;
-- what was automated and comes back is for people
UPDATE tickets SET status = 'solved' WHERE id = 6;
UPDATE tickets SET status = 'open' WHERE id = 6;
SELECT key, queue FROM waits;

-- given to somebody elsewhere, and given up
UPDATE tickets SET assigned_agent = 'zoe' WHERE id = 2;
SELECT key FROM waits;
UPDATE tickets SET assigned_agent = NULL WHERE id IN (2, 5);
SELECT key, queue FROM waits;
SELECT * FROM owners WHERE key = '3';
UPDATE tickets SET assigned_agent = 'ann' WHERE id = 3;
UPDATE tickets SET assigned_agent = NULL WHERE id = 3;
SELECT * FROM owners WHERE key = '3';
SELECT * FROM waits WHERE key = '3';

-- they go with the ticket
SELECT triage.set_presence('ann', 'available'), triage.set_presence('bob', 'available');
SELECT ticket_key FROM triage.claim_ticket('bob');
SELECT * FROM owners WHERE name = 'bob';
UPDATE tickets SET id = id + 100;
SELECT key FROM waits;
SELECT * FROM owners WHERE released_why IS NULL;
SELECT * FROM work;
DELETE FROM tickets WHERE id IN (SELECT key::int FROM owners WHERE released_why IS NULL);
SELECT * FROM work;
DELETE FROM tickets;
SELECT count(*) FROM waits;
SELECT count(*) FROM owners;

-- a customer writes again to what was answered without a person
CREATE TABLE messages (id int PRIMARY KEY, ticket_id int, author_kind text, body text);
SELECT triage.attach_messages('messages') ->> 'id' AS id;
INSERT INTO tickets VALUES (1, 'I forgot my password', 'mail', 'en', 'new', NULL, NULL);
SELECT outcome FROM triage.decision;
INSERT INTO messages VALUES (1, 1, 'bot', 'click here');
SELECT count(*) FROM waits;
INSERT INTO messages VALUES (2, 1, 'customer', 'I did');
SELECT key, queue FROM waits;
SELECT triage.complete_ticket('', s.source_id, '1') FROM triage.source s;
INSERT INTO messages VALUES (3, 1, 'customer', 'thanks');
SELECT key, queue FROM waits;
DELETE FROM tickets;

-- skills that rules ask for, and what explain tells of queues and agents
INSERT INTO triage.skill VALUES ('vat');
INSERT INTO triage.routing_rule (position, name, condition, skills, stop) VALUES (0, 'tax', $$channel = 'tax'$$, '[{"skill": "vat", "level": 5, "drop_after": "1 hour"}]', false);
INSERT INTO tickets VALUES (1, 'I want a refund', 'tax', 'en', 'new', NULL, NULL), (2, 'I forgot my password', NULL, 'en', 'new', NULL, NULL), (3, 'I want a refund', NULL, NULL, 'closed', NULL, NULL);
SELECT ticket_key, skills, skill_levels, skill_drop_after FROM triage.waiting;
SELECT q - 'agents' AS queue FROM jsonb_array_elements(triage.explain_decision('tickets', '1') -> 'queues') q;
SELECT a AS agent FROM jsonb_array_elements(triage.explain_decision('tickets', '1') -> 'assignment' -> 'agents') a;
SELECT id, triage.explain_decision('tickets', id::text) -> 'assignment' ->> 'why_not_waiting' AS why_not FROM tickets ORDER BY id;
UPDATE tickets SET status = 'closed' WHERE id = 1;
UPDATE tickets SET status = 'open' WHERE id = 1;
SELECT ticket_key, skills, skill_levels, skill_drop_after FROM triage.waiting;
SET support_triage.clock = '2026-11-23 11:30+00';
SELECT ticket_key FROM triage.claim_ticket('ann');
SELECT triage.explain_decision('tickets', '1') -> 'assignment' ->> 'why_not_waiting' AS why_not;
SELECT triage.complete_ticket('', s.source_id, '1') FROM triage.source s;
SELECT triage.explain_decision('tickets', '1') -> 'assignment' ->> 'why_not_waiting' AS why_not;
DELETE FROM tickets;

-- without assignment
SELECT triage.attach('tickets', options => '{"assign": false}') ->> 'id' AS id;
INSERT INTO tickets VALUES (1, 'I want a refund', 'mail', 'en', 'new', NULL, NULL);
UPDATE tickets SET status = 'closed';
UPDATE tickets SET status = 'open';
SELECT triage.decide_again('tickets', '1');
SELECT count(*) FROM waits;
SELECT triage.attach('tickets', options => '{"assign": "no"}');
DELETE FROM tickets;
SELECT triage.attach('tickets') ->> 'id' AS id;

-- tickets from before: those that are open wait, since they came; without a status nobody knows
ALTER TABLE tickets DISABLE TRIGGER USER;
INSERT INTO tickets VALUES (1, 'I want a refund', 'mail', 'en', 'new', NULL, '2024-05-01 10:00+00'), (2, 'I want a refund', 'mail', 'en', 'closed', NULL, NULL);
CALL triage.backfill('tickets');
SELECT key, since FROM waits;
ALTER TABLE tickets ENABLE TRIGGER USER;
TRUNCATE tickets;
SELECT count(*) FROM waits;
ALTER TABLE tickets DISABLE TRIGGER USER;
INSERT INTO tickets VALUES (1, 'I want a refund', 'mail', 'en', 'new', NULL, '2024-05-01 10:00+00');
SELECT triage.attach('tickets', '{"status": null}') ->> 'status' AS status;
CALL triage.backfill('tickets');
SELECT count(*) FROM waits;

-- detaching leaves what there is, purging takes it
ALTER TABLE tickets ENABLE TRIGGER USER;
INSERT INTO tickets VALUES (2, 'I want a refund', 'mail', 'en', 'new', NULL, NULL), (3, 'I want a refund', 'mail', 'en', 'new', NULL, NULL);
SELECT count(*) FROM triage.claim_ticket('ann');
SELECT triage.detach('tickets');
SELECT key FROM waits;
SELECT triage.detach('tickets', true);
SELECT count(*) FROM waits;
SELECT count(*) FROM owners;
SELECT * FROM work;

-- leave nothing behind
DELETE FROM triage.agent;
DELETE FROM triage.skill;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_assign CASCADE;
