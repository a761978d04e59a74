-- From facts to a place: the first rule whose tests hold
SET client_min_messages = warning;
CREATE SCHEMA routing_rules;
SET search_path = routing_rules;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, segment text, lang text);
SELECT triage.attach('tickets');
CREATE VIEW decided AS
SELECT ticket_key::int AS id, intent, outcome, tier, queue, priority, rule, rule_version,
       regexp_replace(why, 'confidence [01]\.\d\d', 'confidence P', 'g') AS why
FROM triage.ticket_overview;

-- without any rule: nothing is automated, everything goes to the default queue
INSERT INTO tickets VALUES (1, 'I want a refund'), (2, 'qqqq wwww zzzz');
SELECT id, outcome, tier, queue, priority, rule FROM decided ORDER BY id;

INSERT INTO triage.queue (name, tier) VALUES ('money', NULL), ('seniors', 'senior'), ('chat desk', NULL);
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, channel, segment, language, queue, tier, priority, escalate_reason) VALUES
    (10, 'chat',      NULL,              NULL, 'chat', NULL,  NULL, 'chat desk', NULL,           70,   NULL),
    (20, 'vip',       NULL,              NULL, NULL,   'vip', NULL, 'seniors',   NULL,           NULL, 'a good customer'),
    (30, 'refunds',   'refund_request',  0.5,  NULL,   NULL,  NULL, 'money',     'self_service', 20,   NULL),
    (40, 'parcels de','delivery_status', NULL, NULL,   NULL,  'de', 'money',     'priority',     100,  NULL),
    (50, 'parcels',   'delivery_status', NULL, NULL,   NULL,  NULL, NULL,        'assisted',     NULL, NULL);
-- what was seen of them lets refunds be automated
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund_request', 0.1);
SELECT count(triage.record_evidence(m.name, m.version, p.intent, 0.5, true)) AS seen
FROM triage.model m, triage.automation_policy p, generate_series(1, 60) WHERE m.name = 'intent';
SELECT triage.solve_automation() AS solved;
INSERT INTO tickets VALUES
    (11, 'I want a refund', NULL, NULL, NULL),
    (12, 'I want a refund', 'chat', NULL, NULL),
    (13, 'I want a refund', 'mail', 'vip', NULL),
    (14, 'where is my parcel', NULL, NULL, 'de'),
    (15, 'where is my parcel', NULL, NULL, 'DE'),
    (16, 'I forgot my password', NULL, NULL, NULL),
    (17, 'qqqq wwww zzzz', NULL, NULL, NULL),
    (18, 'qqqq wwww zzzz', 'chat', NULL, NULL);
SELECT id, outcome, tier, queue, priority, rule FROM decided WHERE id > 10 ORDER BY id;
SELECT id, why FROM decided WHERE id IN (11, 13, 14, 16) ORDER BY id;
SELECT ticket_key, cause, reason, priority, status FROM triage.escalation ORDER BY ticket_key;

-- an UPDATE raises the version; sessions see the new form at once
UPDATE triage.routing_rule SET enabled = false WHERE name = 'refunds';
SELECT name, version, changed_by = session_user AS changed_by_me FROM triage.routing_rule ORDER BY position;
INSERT INTO tickets VALUES (21, 'I want a refund');
SELECT id, outcome, rule FROM decided WHERE id = 21;
UPDATE triage.routing_rule SET enabled = true, position = 5 WHERE name = 'refunds';
INSERT INTO tickets VALUES (22, 'I want a refund', 'chat');
SELECT id, outcome, rule, rule_version FROM decided WHERE id = 22;

-- a rule that was rolled back is forgotten
BEGIN;
UPDATE triage.routing_rule SET tier = 'senior' WHERE name = 'refunds';
INSERT INTO tickets VALUES (23, 'I want a refund');
SELECT id, outcome, tier, rule_version FROM decided WHERE id = 23;
ROLLBACK;
BEGIN;
SAVEPOINT s;
DELETE FROM triage.routing_rule;
INSERT INTO tickets VALUES (24, 'I want a refund');
SELECT id, outcome, rule FROM decided WHERE id = 24;
ROLLBACK TO s;
INSERT INTO tickets VALUES (25, 'I want a refund');
SELECT id, outcome, rule, rule_version FROM decided WHERE id = 25;
COMMIT;

-- a queue may be renamed, not deleted while tickets wait in it
UPDATE triage.queue SET name = 'cash' WHERE name = 'money';
INSERT INTO tickets VALUES (26, 'I want a refund');
SELECT id, queue, rule FROM decided WHERE id = 26;
DELETE FROM triage.queue WHERE name = 'seniors';
DELETE FROM triage.queue WHERE name = 'triage';

-- no default queue: the ticket is decided all the same
UPDATE triage.queue SET is_default = false;
INSERT INTO tickets VALUES (31, 'qqqq wwww zzzz');
SELECT id, outcome, queue FROM decided WHERE id = 31;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;

DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA routing_rules CASCADE;
SELECT count(*) FROM triage.decision;
