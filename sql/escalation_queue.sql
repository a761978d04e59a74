-- Tickets that a person must see now: one open escalation for each ticket and cause
SET client_min_messages = warning;
CREATE SCHEMA escalation_queue;
SET search_path = escalation_queue;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

CREATE TABLE tickets (id bigint PRIMARY KEY, body text);
SELECT triage.attach('tickets');
INSERT INTO triage.routing_rule (position, name, intent, escalate_reason, priority) VALUES (1, 'parcels', 'delivery_status', 'a parcel may be lost', 80);
INSERT INTO tickets (id, body) VALUES (1, 'where is my parcel'), (2, 'I want a refund'), (3, 'the delivery is late');
CREATE VIEW escalations AS
SELECT ticket_key, cause, reason, priority, status, queue_id = (SELECT queue_id FROM triage.queue WHERE is_default) AS default_queue
FROM triage.escalation;
SELECT * FROM escalations ORDER BY ticket_key, cause;

-- deciding again queues nothing twice
SELECT triage.decide_again('tickets', '1');
UPDATE tickets SET body = 'Hello, where is my parcel' WHERE id = 1;
SELECT count(*) FROM escalations;

-- by hand: the identity of the open one is returned
SELECT triage.escalate('tickets', '2', 'the customer called') AS first \gset
SELECT triage.escalate('tickets', '2', 'the customer called again') = :first AS same;
SELECT triage.escalate('tickets', '2', 'asks for a manager', 'manager', 95) <> :first AS another;
SELECT * FROM escalations ORDER BY ticket_key, cause;

-- a finished one does not stand in the way
SELECT count(*) FROM triage.claim_escalations('someone', NULL, 100);
SELECT triage.complete_escalation(escalation_id, 'someone', 'called back') FROM triage.escalation WHERE cause = 'manager';
SELECT triage.escalate('tickets', '2', 'asks for a manager', 'manager', 95) > 0 AS queued;
SELECT cause, status FROM escalations WHERE ticket_key = '2' ORDER BY cause, status;

-- what is wrong
SELECT triage.escalate('tickets', '99', 'nobody knows it');
SELECT triage.escalate('tickets', 'x', 'no number');
SELECT triage.escalate('tickets', '2', NULL);
SELECT triage.escalate('tickets', '2', 'why', '');
SELECT triage.escalate('tickets', '2', 'why', 'manual', 101);
SELECT triage.escalate('pg_class', '1', 'no tickets');
-- a deleted ticket needs nobody; what was done stays on record
DELETE FROM tickets WHERE id = 2;
SELECT ticket_key, cause, status FROM escalations ORDER BY ticket_key, cause;
SELECT ticket_key, cause, status, finished_by, outcome FROM triage.escalation_history;
TRUNCATE tickets;
SELECT ticket_key, cause, status FROM escalations ORDER BY ticket_key, cause;

-- leave nothing behind
SELECT triage.detach('tickets', true);
SELECT (SELECT count(*) FROM triage.escalation) AS open, (SELECT count(*) FROM triage.escalation_history) AS finished;

DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA escalation_queue CASCADE;
SELECT count(*) FROM triage.decision;
