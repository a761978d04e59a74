-- The views for BI
SET client_min_messages = warning;
CREATE SCHEMA reporting_test;
SET search_path = reporting_test;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, created_at timestamptz);
SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO triage.queue (name) VALUES ('money'), ('empty');
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, queue, tier, escalate_reason) VALUES
    (1, 'refunds', 'refund_request', 0.1, 'money', 'self_service', NULL),
    (2, 'parcels', 'delivery_status', NULL, NULL, 'senior', 'a parcel may be lost');
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund_request', 0.1);
SELECT count(triage.record_evidence(m.name, m.version, p.intent, 0.5, true)) AS seen
FROM triage.model m, triage.automation_policy p, generate_series(1, 60) WHERE m.name = 'intent';
SELECT triage.solve_automation() AS solved;
INSERT INTO tickets VALUES
    (1, 'I want a refund', 'mail', '2024-05-01 10:10+00'), (2, 'give my money back', 'chat', '2024-05-01 10:50+00'),
    (3, 'where is my parcel', 'mail', '2024-05-01 11:00+00'), (4, 'qqqq wwww zzzz', 'mail', '2024-05-01 11:00+00'), (5, NULL, NULL, '2024-05-01 11:59+00');
SELECT triage.escalate('tickets', '3', 'the customer called', priority => 90) > 0 AS escalated;
SET timezone = 'UTC';

SELECT ticket_key, tickets, outcome, tier, queue, rule, open_escalations, escalation_reason FROM triage.ticket_overview ORDER BY ticket_key;
SELECT queue, is_default, tickets, self_service, assisted, senior, priority, abstained, failed, open_escalations FROM triage.queue_load ORDER BY queue;
SELECT hour, intent, tickets, automated, to_people, abstained, failed FROM triage.intent_volume ORDER BY hour, intent;

-- who has what, what waits and what is due
SET support_triage.clock = '2024-05-01 12:00+00';
INSERT INTO triage.agent (name, capacity) VALUES ('ann', 2), ('bob', 1), ('cleo', 4);
INSERT INTO triage.agent_queue (agent, queue, position) VALUES ('ann', 'money', 2), ('ann', 'triage', 1), ('bob', 'triage', 1);
INSERT INTO triage.sla_policy (policy_id, position, name) VALUES (1, 1, 'everybody');
INSERT INTO triage.sla_target (policy_id, metric, target) VALUES (1, 'first_reply', '1 hour'), (1, 'resolution', '30 hours');
INSERT INTO tickets VALUES (6, 'where is my parcel', 'mail', '2024-05-01 11:30+00'), (7, 'I forgot my password', 'mail', '2024-05-01 10:30+00');
SELECT triage.agent_heartbeat('ann', '5 minutes'), triage.set_presence('bob', 'away');
SELECT ticket_key FROM triage.claim_ticket('ann');
SELECT ticket_key, owner, assigned_at, waiting_since, sla_policy, next_promise, next_deadline, late FROM triage.ticket_overview ORDER BY ticket_key;
SELECT queue, waiting, oldest_waiting, owned, agents, agents_there, units_free FROM triage.queue_load ORDER BY queue;
SELECT agent, presence, capacity, units, units_free, tickets, oldest_ticket, released, queues FROM triage.agent_load ORDER BY agent;
SET support_triage.clock = '2024-05-01 12:05+00';
SELECT agent, presence FROM triage.agent_load WHERE agent = 'ann';
SELECT pattern, count(*) FROM triage.routing_reasons GROUP BY pattern ORDER BY 2 DESC, 1;
SELECT ticket_key, position, queue, outcome FROM triage.routing_reasons WHERE pattern = 'the ticket has no text';

-- they read as who asks
CREATE ROLE regress_st_reader;
GRANT USAGE ON SCHEMA triage TO regress_st_reader;
GRANT SELECT ON triage.ticket_overview TO regress_st_reader;
SET ROLE regress_st_reader;
SELECT count(*) FROM triage.ticket_overview;
RESET ROLE;
REVOKE ALL ON triage.ticket_overview FROM regress_st_reader;
REVOKE ALL ON SCHEMA triage FROM regress_st_reader;
DROP ROLE regress_st_reader;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.sla_policy;
DELETE FROM triage.agent;
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA reporting_test CASCADE;
SELECT count(*) FROM triage.decision;
