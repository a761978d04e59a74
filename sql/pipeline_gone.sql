-- Tickets that go without a trigger seeing them: partitions and tables that are truncated, detached, dropped
SET client_min_messages = warning;
CREATE SCHEMA pipeline_gone;
SET search_path = pipeline_gone;
SET support_triage.clock = '2026-11-23 10:00+00';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
INSERT INTO triage.queue (name, is_default) VALUES ('all', true);
INSERT INTO triage.agent (name, capacity) VALUES ('ann', 10);
INSERT INTO triage.agent_queue (agent, queue) VALUES ('ann', 'all');
INSERT INTO triage.sla_policy (policy_id, position, name) VALUES (1, 10, 'everybody');
INSERT INTO triage.sla_target (policy_id, metric, min_priority, target) VALUES (1, 'resolution', 0, '8 hours');
CREATE TABLE tickets (id int, region text, customer text, body text, status text, created_at timestamptz, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE tickets_eu PARTITION OF tickets FOR VALUES IN ('eu');
CREATE TABLE tickets_us PARTITION OF tickets FOR VALUES IN ('us');
CREATE TABLE tickets_jp PARTITION OF tickets FOR VALUES IN ('jp');
SELECT triage.attach('tickets') ->> 'id' AS id;
CREATE VIEW left_behind AS
SELECT (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.decision) AS decided,
       (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.decision_history) AS history,
       (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.waiting) AS waiting,
       (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.assignment) AS assigned,
       (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.sla_clock) AS clocks,
       (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.escalation) AS escalations,
       (SELECT string_agg(ticket_key, ' ' ORDER BY ticket_key) FROM triage.ticket_signature) AS signatures,
       (SELECT string_agg(units || ' units', ', ') FROM triage.agent_work) AS load;
CREATE VIEW looks AS
SELECT t.source_id, cardinality(storage) AS parts, wanted, looking IS NOT NULL AS looking, after_key, left_out, removed, error
FROM triage.ticket_storage t ORDER BY 1;

INSERT INTO tickets
SELECT n, (ARRAY['eu', 'us', 'jp'])[(n - 1) / 2 + 1], 'c' || n, 'I want a refund', 'new', '2026-11-23 09:00+00' FROM generate_series(1, 6) AS n;
UPDATE tickets SET body = 'where is my parcel' WHERE id % 2 = 0;
SELECT count(triage.escalate('tickets', n::text, 'please')) FROM generate_series(1, 6) AS n;
SELECT ticket_key FROM triage.claim_ticket('ann', batch => 4) ORDER BY 1;
SELECT * FROM left_behind;
SELECT ticket_key, duplicate_of FROM triage.decision WHERE duplicate_of IS NOT NULL ORDER BY 1;
SELECT triage.forget_gone_tickets();
SELECT * FROM looks;

-- a partition is truncated: its tickets go, the others stay, and the agent has room again
TRUNCATE tickets_us;
SELECT triage.forget_gone_tickets();
SELECT * FROM left_behind;
SELECT ticket_key, duplicate_of FROM triage.decision WHERE duplicate_of IS NOT NULL ORDER BY 1;
SELECT * FROM looks;
-- as the worker does it; a ticket whose key has come again is another
INSERT INTO tickets VALUES (3, 'us', 'c3', 'I forgot my password', 'new', '2026-11-23 09:00+00');
TRUNCATE tickets_us;
INSERT INTO tickets VALUES (3, 'eu', 'c3', 'I forgot my password', 'new', '2026-11-23 09:00+00');
CALL triage.tick();
SELECT last_error FROM triage.task_status WHERE name = 'gone_tickets';
SELECT decided, waiting FROM left_behind;
-- detached, dropped, a file written anew, a partition that came
ALTER TABLE tickets DETACH PARTITION tickets_jp;
CREATE TABLE tickets_rest PARTITION OF tickets DEFAULT;
SELECT triage.forget_gone_tickets();
SELECT decided, assigned, escalations FROM left_behind;
VACUUM FULL tickets_eu;
SELECT triage.forget_gone_tickets();
SELECT * FROM looks;
DROP TABLE tickets_eu;
SELECT triage.forget_gone_tickets();
SELECT * FROM left_behind;
SELECT count(*) FROM tickets;

-- a thousand decisions a call, whatever they are; tenants one after the other
SELECT triage.detach('tickets', true);
DROP TABLE tickets;
CREATE TABLE tickets (id int, tenant text, body text, PRIMARY KEY (tenant, id)) PARTITION BY LIST (tenant);
CREATE TABLE tickets_a PARTITION OF tickets FOR VALUES IN ('a');
CREATE TABLE tickets_b PARTITION OF tickets FOR VALUES IN ('b', 'd');
CREATE TABLE tickets_c PARTITION OF tickets FOR VALUES IN ('c');
SELECT triage.attach('tickets', '{"tenant": "tenant"}', '{"assign": false, "understand": false}') ->> 'tenant' AS tenant;
INSERT INTO tickets SELECT n, tenant, 'I want a refund' FROM generate_series(1, 600) AS n, unnest('{a,b,c,d}'::text[]) AS tenant;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT triage.forget_gone_tickets();
TRUNCATE tickets_c;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT parts, looking, after_key, removed FROM looks;
-- one that goes meanwhile is for another look
TRUNCATE tickets_b;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT triage.forget_gone_tickets() = triage.now() AS more;
SELECT tenant_id, count(*) FROM triage.decision GROUP BY 1 ORDER BY 1;
SELECT parts, looking, after_key, removed FROM looks;

-- detached: nothing is looked at; attached again: everything
SELECT triage.detach('tickets');
DELETE FROM tickets WHERE id > 10;
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM triage.decision;
SELECT triage.attach('tickets', '{"tenant": "tenant"}', '{"understand": false}') ->> 'tenant' AS tenant;
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM triage.decision;

-- a table that cannot be read is left alone for an hour, the others are not
CREATE ROLE regress_st_gone;
GRANT ALL ON SCHEMA pipeline_gone TO regress_st_gone;
ALTER TABLE tickets OWNER TO regress_st_gone;
REVOKE SELECT ON tickets FROM regress_st_gone;
TRUNCATE tickets_a;
CREATE TABLE others (id int PRIMARY KEY, body text, status text);
SELECT triage.attach('others', options => '{"understand": false}') ->> 'id' AS id;
CREATE TABLE messages (id int PRIMARY KEY, ticket_id int REFERENCES others, body text);
SELECT triage.attach_messages('messages') ->> 'ticket' AS ticket;
INSERT INTO others VALUES (1, 'I want a refund', 'new'), (2, 'where is my parcel', 'new');
SELECT ticket_key FROM triage.claim_ticket('ann');
SELECT triage.escalate('others', '2', 'please') > 0 AS escalated;
SELECT triage.forget_gone_tickets();
SELECT parts, error FROM looks;
GRANT SELECT ON tickets TO regress_st_gone;
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM triage.decision WHERE tenant_id = 'a';
SET support_triage.clock = '2026-11-23 11:00:01+00';
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM triage.decision WHERE tenant_id = 'a';
SELECT parts, error FROM looks;

-- an attached table is dropped: all of it goes, and that it was attached
DROP TABLE others CASCADE;
SELECT triage.forget_gone_tickets();
SELECT * FROM left_behind;
SELECT tickets::text, (SELECT count(*) FROM triage.message_source) AS messages FROM triage.source;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'messages'::regclass AND NOT tgisinternal;
-- also one that was detached
SELECT triage.detach('tickets');
INSERT INTO messages VALUES (1, 1, 'nobody minds');
DROP TABLE tickets;
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM triage.source;
SELECT count(*) FROM triage.ticket_storage;
-- in a transaction that fails nothing went
CREATE TABLE tickets (id int PRIMARY KEY, body text);
SELECT triage.attach('tickets') ->> 'id' AS id;
INSERT INTO tickets VALUES (1, 'I want a refund');
BEGIN;
DROP TABLE tickets;
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM triage.decision;
ROLLBACK;
SELECT triage.forget_gone_tickets();
SELECT ticket_key, outcome FROM triage.decision;
-- only who may
SET ROLE regress_st_gone;
SELECT triage.forget_gone_tickets();
RESET ROLE;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.agent;
DELETE FROM triage.sla_policy;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_gone CASCADE;
DROP ROLE regress_st_gone;
