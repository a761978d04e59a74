-- What decisions store of the rules that applied, and how they are explained
SELECT current_user AS user \gset
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';
SET support_triage.clock = '2026-11-23 12:00:00+00';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund', 'I want a refund'), ('refund', 'give my money back'),
                 ('login', 'I forgot my password'), ('login', 'the login fails')) AS r(label, request)
$$);
CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, segment text, created_at timestamptz);
SELECT triage.attach('tickets') IS NOT NULL AS attached;
INSERT INTO triage.queue (name, tier) VALUES ('money', NULL), ('seniors', 'senior');
INSERT INTO triage.sla_policy (position, name) VALUES (1, 'usual'), (2, 'gold');
INSERT INTO triage.skill VALUES ('tax'), ('calm');
INSERT INTO triage.routing_rule (position, name, condition, priority, tags, skills, sla_policy, block_automation, stop) VALUES
    (1, 'vip',   'segment = ''vip''',               90,   '{vip,"two words"}', '[{"skill": "tax", "level": 7, "drop_after": "90 minutes"}, {"skill": "calm"}]', 'gold', true, false),
    (2, 'ratio', '100 / (body_length - 16) > 0',    NULL, '{ratio}', NULL, NULL, false, false),
    (3, 'old',   'triage.now() - created_at > interval ''1 hour''', NULL, '{old}', NULL, NULL, false, false);
INSERT INTO triage.routing_rule (position, name, intent, queue) VALUES (10, 'refunds', 'refund', 'money');

CREATE VIEW stored AS
SELECT ticket_key::int AS id, outcome, tier, priority,
       (SELECT array_agg(r.name ORDER BY u.n) FROM unnest(d.rules) WITH ORDINALITY u(id, n) JOIN triage.routing_rule r ON r.rule_id = u.id) AS rules,
       rule_versions AS versions,
       (SELECT array_agg(r.name ORDER BY u.n) FROM unnest(d.failed_rules) WITH ORDINALITY u(id, n) JOIN triage.routing_rule r ON r.rule_id = u.id) AS failed,
       tags, skills, skill_levels AS levels, skill_drop_after AS drop_after,
       (SELECT name FROM triage.sla_policy p WHERE p.policy_id = d.sla_policy_id) AS policy, automation_blocked AS blocked
FROM triage.decision d;
INSERT INTO tickets VALUES
    (1, 'I want a refund',       'mail', 'vip', '2026-11-23 10:00+00'),
    (2, 'a refund, please',      'mail', NULL,  '2026-11-23 11:30+00'),
    (3, 'qqqq wwww zzzz',        'chat', 'vip', NULL),
    (4, 'I forgot my password!', 'chat', NULL,  NULL);
SELECT * FROM stored ORDER BY id;
SELECT ticket_key, regexp_replace(array_to_string(reasons, E'\n'), 'confidence [01]\.\d\d', 'confidence P', 'g') AS reasons FROM triage.decision ORDER BY ticket_key;

-- a decision that is replaced keeps its own in the history
UPDATE triage.routing_rule SET tags = '{vips}', skills = NULL, block_automation = false WHERE name = 'vip';
SELECT triage.decide_again('tickets', '1');
SELECT id, versions, tags, skills, blocked FROM stored WHERE id = 1;
SELECT revision, rule_versions, tags, skills, skill_levels, skill_drop_after, automation_blocked FROM triage.decision_history;

SELECT jsonb_path_query_array(triage.explain_decision('tickets', '3')->'decision', '$.keyvalue() ? (@.key like_regex "^(rules|tags|skills|sla_policy|automation_blocked)$").value') AS stored;

-- every rule, whether it was tried, what its condition said and of which facts
SELECT r->>'rule' AS rule, r->'tried' AS tried, r->'matches' AS matches, r->'truth' AS truth, r->'facts' AS facts, r->>'error' AS error, r->'failed_test'->>'fact' AS failed
FROM jsonb_array_elements(triage.explain_decision('tickets', '2')->'rules') r;
-- with the clock of the decision
SET support_triage.clock = '2026-11-24 12:00:00+00';
SELECT r->>'rule' AS rule, r->'truth' AS truth FROM jsonb_array_elements(triage.explain_decision('tickets', '2')->'rules') r WHERE r ? 'truth';
-- a rule after the one that stopped
INSERT INTO triage.routing_rule (position, name, condition, channel, tier) VALUES (11, 'later', 'urgency < 2', 'chat', 'priority');
SELECT r->>'rule' AS rule, r->'tried' AS tried, r->'matches' AS matches, r->'truth' AS truth, r->'failed_test' AS failed
FROM jsonb_array_elements(triage.explain_decision('tickets', '2')->'rules') r WHERE r->>'rule' IN ('refunds', 'later');
SELECT triage.explain_decision('tickets', '3')->'now'->>'tier' AS tier;

-- a failing rule costs no ticket of a batch anything, and leaves nothing behind
TRUNCATE triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, tags, stop) VALUES
    (1, 'odd',  '1 / (body_length % 2) = 1', '{odd}', false),
    (2, 'text', 'segment::int > 5', '{text}', false),
    (3, 'fine', 'body_length > 0', '{fine}', false);
INSERT INTO tickets SELECT i, repeat('x', i % 7), 'mail', CASE WHEN i % 3 = 0 THEN i::text ELSE 'x' END FROM generate_series(101, 1100) i;
SELECT tags, count(*), count(failed_rules) AS failing FROM triage.decision WHERE ticket_key::int > 100 GROUP BY tags ORDER BY tags;
SELECT rule, matched, decided, failed, last_error FROM triage.rule_health ORDER BY position;
BEGIN;
SAVEPOINT s;
UPDATE triage.routing_rule SET condition = 'channel = ''fax''', tags = '{fax}' WHERE name = 'fine';
INSERT INTO tickets VALUES (2001, 'hello', 'fax', '7');
ROLLBACK TO s;
INSERT INTO tickets VALUES (2002, 'hello', 'fax', '7');
COMMIT;
SELECT ticket_key, tags FROM triage.decision WHERE ticket_key::int > 2000;

-- whoever inserts a ticket needs no right on what conditions call
INSERT INTO triage.routing_rule (position, name, condition, tags, stop) VALUES
    (4, 'clock', 'triage.now() >= created_at AND similarity(channel, ''mail'') > 0.9', '{clock}', false);
CREATE ROLE rule_clerk LOGIN;
GRANT INSERT ON tickets TO rule_clerk;
\c - rule_clerk
SET client_min_messages = warning;
INSERT INTO tickets VALUES (3001, 'hello', 'mail', '7', '2026-01-01');
SELECT triage.now();
\c - :user
SET client_min_messages = warning;
SELECT ticket_key, tags, failed_rules FROM triage.decision WHERE ticket_key::int > 3000;
DROP OWNED BY rule_clerk;
DROP ROLE rule_clerk;

-- nothing automated that a rule forbids, whoever writes it
\set VERBOSITY terse
UPDATE triage.decision SET outcome = 'auto', automation_blocked = true WHERE ticket_key = '4';
