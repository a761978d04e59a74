-- Low confidence goes to people, with the numbers in the reasons
SET client_min_messages = warning;
CREATE SCHEMA routing_confidence;
SET search_path = routing_confidence;

-- two labels that the same words are used for
SELECT labels FROM triage.train('unsure', $$
    SELECT 'the order of last week number ' || g, CASE WHEN g % 2 = 0 THEN 'even' ELSE 'odd' END
    FROM generate_series(1, 40) AS g
    UNION ALL SELECT 'cancel my subscription ' || g, 'cancel' FROM generate_series(1, 40) AS g
$$);
CREATE TABLE tickets (id int PRIMARY KEY, body text);
SELECT triage.attach('tickets', options => '{"intent_model": "unsure"}');
INSERT INTO triage.queue (name) VALUES ('robot');
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, queue, tier) VALUES
    (1, 'even orders', 'even', 0.97, 'robot', 'self_service'),
    (2, 'odd orders', 'odd', 0.97, 'robot', 'self_service'),
    (3, 'cancels', 'cancel', 0.5, 'robot', 'self_service');
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('even', 0.1), ('odd', 0.1), ('cancel', 0.1);
SELECT count(triage.record_evidence(m.name, m.version, p.intent, 0.5, true)) AS seen
FROM triage.model m, triage.automation_policy p, generate_series(1, 60) WHERE m.name = 'unsure';
SELECT triage.solve_automation() AS solved;
INSERT INTO tickets VALUES (1, 'the order of last week number'), (2, 'cancel my subscription');
SELECT ticket_key, outcome, tier, queue, rule,
       regexp_replace(reasons[1], 'even|odd|[01]\.\d\d(?= <| >)', 'X', 'g') AS first_reason
FROM triage.ticket_overview ORDER BY ticket_key;
SELECT d.intent_confidence < 0.97 AS unsure, d.in_scope FROM triage.decision d WHERE ticket_key = '1';

-- a rule may ask for more than the automation policy allows: it gets what that allows
INSERT INTO triage.routing_rule (position, name, tier) VALUES (0, 'everything', 'self_service');
INSERT INTO tickets VALUES (3, 'the order of last week number'), (4, 'cancel my subscription'), (5, 'qqqq wwww');
UPDATE triage.automation_policy SET enabled = false WHERE intent = 'cancel';
INSERT INTO tickets VALUES (6, 'cancel my subscription');
SELECT ticket_key, outcome, tier, regexp_replace(reasons[cardinality(reasons)], 'even|odd|[01]\.\d+(?= <| >)', 'X', 'g') AS last_reason
FROM triage.ticket_overview WHERE ticket_key > '2' ORDER BY ticket_key;

-- what cannot be
\set VERBOSITY terse
INSERT INTO triage.routing_rule (position, name, min_confidence) VALUES (9, 'too sure', 1.1);
INSERT INTO triage.routing_rule (position, name, priority) VALUES (9, 'too urgent', 101);
INSERT INTO triage.routing_rule (position, name, queue) VALUES (9, 'nowhere', 'no such queue');
INSERT INTO triage.queue (name, tier) VALUES ('automatic', 'self_service');
INSERT INTO triage.queue (name, is_default) VALUES ('second default', true);

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('unsure');
DROP SCHEMA routing_confidence CASCADE;
