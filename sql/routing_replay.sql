-- Rules on facts that are stored: what would have gone elsewhere
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET support_triage.clock = '2026-11-20 12:00:00+00';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund', 'I want a refund'), ('refund', 'give my money back'),
                 ('login', 'I forgot my password'), ('login', 'the login fails')) AS r(label, request)
$$);
CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, segment text, created_at timestamptz, tenant text);
SELECT triage.attach('tickets');
SELECT * FROM triage.replay_routing();
INSERT INTO triage.queue (name, tier) VALUES ('money', NULL), ('seniors', 'senior');
INSERT INTO triage.routing_rule (position, name, intent, queue) VALUES (1, 'refunds', 'refund', 'money');
INSERT INTO tickets SELECT i, CASE WHEN i % 3 = 0 THEN 'I forgot my password' ELSE 'I want a refund' END,
                           CASE WHEN i % 2 = 0 THEN 'mail' ELSE 'chat' END, CASE WHEN i % 10 = 0 THEN 'vip' END,
                           '2026-11-20 10:00+00', CASE WHEN i % 2 = 0 THEN 'acme' ELSE 'best' END
                    FROM generate_series(1, 30) i;
SET support_triage.clock = '2026-11-21 12:00:00+00';
INSERT INTO tickets VALUES (31, 'I want a refund', 'mail', 'vip', '2026-11-20 10:00+00', 'acme'), (32, 'qqqq wwww zzzz', 'mail', NULL, '2026-11-20 10:00+00', 'acme');
SET support_triage.clock = '2026-11-25 12:00:00+00';

-- the present rules move nothing
SELECT moved, from_queue, from_tier, from_outcome, to_queue, to_tier, to_outcome, decisions, examples FROM triage.replay_routing();
-- no rules, of a time
SELECT moved, from_queue, to_queue, decisions FROM triage.replay_routing('[]');
SELECT moved, from_queue, to_queue, decisions FROM triage.replay_routing('[]', '2026-11-21 12:00+00');
SELECT moved, from_queue, to_queue, decisions FROM triage.replay_routing('[]', NULL, '2026-11-21 12:00+00');
SELECT moved, from_queue, to_queue, decisions FROM triage.replay_routing('[]', '2026-12-01', 'infinity');

-- others: by position, else in their order; the clock is that of then
SELECT moved, from_queue, from_tier, from_outcome, to_queue, to_tier, to_outcome, decisions, jsonb_pretty(examples) AS examples
FROM triage.replay_routing('[{"name": "vips", "segment": "vip", "queue": "seniors", "tags": ["vip"]},
                             {"name": "late", "condition": "triage.now() - created_at > interval ''1 day''", "queue": "money", "tier": "priority"},
                             {"name": "refunds", "intent": "refund", "queue": "money"}]');
SELECT moved, from_queue, to_queue, to_tier, decisions
FROM triage.replay_routing('[{"position": 2, "name": "all", "queue": "seniors"},
                             {"position": 1, "name": "only then", "queue": "money", "valid_until": "2026-11-21 12:00+00"}]');
-- a rule that fails counts as false here too
SELECT moved, from_queue, to_queue, decisions
FROM triage.replay_routing('[{"name": "boom", "condition": "1 / (body_length - body_length) = 1", "queue": "seniors"}]', '2026-11-21');
-- rows of the table, changed
SELECT moved, from_queue, to_queue, decisions
FROM triage.replay_routing((SELECT jsonb_agg(to_jsonb(r) || '{"queue": "seniors"}') FROM triage.routing_rule r));
-- nothing has changed
SELECT name, version, queue FROM triage.routing_rule;
SELECT outcome, count(*), max(revision) FROM triage.decision GROUP BY outcome ORDER BY outcome;

-- what is no set of rules
SELECT * FROM triage.replay_routing('{}');
SELECT * FROM triage.replay_routing('5');
SELECT * FROM triage.replay_routing('[5]');
SELECT * FROM triage.replay_routing('[{"name": "x", "colour": 5}]');
SELECT * FROM triage.replay_routing('[{"name": "x"}, {"name": "y", "condition": "urgency > "}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "condition": "random() < 0.5"}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "queue": "nowhere"}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "sla_policy": "nothing"}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "priority": 101}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "min_confidence": 7}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "rollout_percent": -1}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "tier": "gold"}]');
SELECT * FROM triage.replay_routing('[{"name": "x", "skills": 5}]');

-- it reads decisions as the caller
CREATE ROLE replay_reader;
GRANT USAGE ON SCHEMA triage TO replay_reader;
GRANT EXECUTE ON FUNCTION triage.replay_routing TO replay_reader;
SET ROLE replay_reader;
SELECT * FROM triage.replay_routing();
RESET ROLE;
REVOKE ALL ON FUNCTION triage.replay_routing FROM replay_reader;
REVOKE ALL ON SCHEMA triage FROM replay_reader;
SELECT triage.grant_access('replay_reader', 'lead', '{acme}');
SET ROLE replay_reader;
SELECT moved, from_queue, to_queue, decisions FROM triage.replay_routing('[]');
SELECT rule, matched, decided FROM triage.rule_health;
SELECT rule, problem FROM triage.lint_rules();
RESET ROLE;
SELECT triage.revoke_access('replay_reader');
DROP ROLE replay_reader;
