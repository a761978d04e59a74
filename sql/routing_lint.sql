-- What is wrong with rules as they are
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';
SET support_triage.clock = '2026-11-23 12:00:00+00';
INSERT INTO triage.queue (name, is_default) VALUES ('all', true);
SELECT * FROM triage.lint_rules();
SELECT * FROM triage.lint_rules('0');
SELECT * FROM triage.lint_rules('-1 day');
SELECT * FROM triage.lint_rules(NULL);

-- contradictory
INSERT INTO triage.routing_rule (position, name, condition, intent, min_confidence, channel) VALUES
    (1, 'false',      'false',                                          NULL, NULL, NULL),
    (2, 'null',       'intent = NULL',                                  NULL, NULL, NULL),
    (3, 'two values', 'intent = ''a'' AND intent = ''b''',              NULL, NULL, NULL),
    (4, 'two tests',  'intent IN (''a'', ''b'')',                       'c',  NULL, NULL),
    (5, 'range',      'urgency > 0.8 AND urgency < 0.2',                NULL, NULL, NULL),
    (6, 'confidence', 'intent_confidence < 0.5',                        NULL, 0.6,  NULL),
    (7, 'is null',    'channel IS NULL',                                NULL, NULL, 'mail'),
    (8, 'not',        'wants_human AND NOT wants_human',                NULL, NULL, NULL),
    (9, 'may hold',   'urgency > 0.8 AND complexity < 0.2 AND intent IN (''a'', ''b'')', 'a', 0.5, 'mail');
SELECT rule, problem, other_rule, detail FROM triage.lint_rules();

-- shadowed and unreachable
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, intent, segment, source_id, tenant, stop, rollout_percent, valid_from, valid_until, enabled) VALUES
    ( 1, 'goes on',        NULL,                            NULL, 'vip', NULL, NULL, false, 100, NULL, NULL, true),
    ( 2, 'a share',        NULL,                            NULL, 'vip', NULL, NULL, true,  50,  NULL, NULL, true),
    ( 3, 'a week',         NULL,                            NULL, 'vip', NULL, NULL, true,  100, '2026-11-20', '2026-11-27', true),
    ( 4, 'asleep',         NULL,                            NULL, 'vip', NULL, NULL, true,  100, NULL, NULL, false),
    ( 5, 'one source',     NULL,                            NULL, 'vip', 1,    NULL, true,  100, NULL, NULL, true),
    (10, 'vip',            NULL,                            NULL, 'vip', NULL, NULL, true,  100, NULL, NULL, true),
    (11, 'vip again',      'segment = ''vip''',             NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (12, 'vip and urgent', 'segment = ''vip'' AND urgency > 0.5', NULL, NULL, NULL, NULL, true, 100, NULL, NULL, true),
    (13, 'urgent',         'urgency >= 0.8',                NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (14, 'more urgent',    'urgency > 0.9',                 NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (15, 'less urgent',    'urgency > 0.7',                 NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (16, 'urgent or vip',  'urgency > 0.95 OR segment = ''vip''', NULL, NULL, NULL, NULL, true, 100, NULL, NULL, true),
    (17, 'a',              NULL,                            'a',  NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (18, 'a or b',         'intent IN (''a'', ''b'')',      NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (19, 'b',              NULL,                            'b',  NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (20, 'nobody',         NULL,                            'c',  NULL,  NULL, NULL, true,  0,   NULL, NULL, true),
    (21, 'next year',      NULL,                            'c',  NULL,  NULL, NULL, true,  100, '2027-01-01', NULL, true),
    (22, 'last year',      NULL,                            'c',  NULL,  NULL, NULL, true,  100, NULL, '2026-01-01', true),
    (23, 'd',              'intent = ''d'' AND urgency > 0.1', NULL, NULL, NULL, NULL, true, 100, NULL, NULL, true),
    (24, 'e',              'intent = ''e'' AND urgency > 0.2', NULL, NULL, NULL, NULL, true, 100, NULL, NULL, true),
    (25, 'd or e',         'intent IN (''d'', ''e'') AND urgency > 0.3', NULL, NULL, NULL, NULL, true, 100, NULL, NULL, true),
    (26, 'not all of d or e', 'intent IN (''d'', ''e'') AND urgency > 0.15', NULL, NULL, NULL, NULL, true, 100, NULL, NULL, true),
    (30, 'all',            NULL,                            NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true),
    (31, 'after all',      'lower(customer) = ''anna''',    NULL, NULL,  NULL, NULL, true,  100, NULL, NULL, true);
UPDATE triage.routing_rule SET tags = '{x}' WHERE name = 'goes on';
SELECT rule, problem, other_rule, detail FROM triage.lint_rules();

-- names that lead nowhere, and rules that do nothing
DELETE FROM triage.routing_rule;
INSERT INTO triage.sla_policy (position, name, enabled) VALUES (1, 'gold', true), (2, 'tin', false);
INSERT INTO triage.skill VALUES ('tax');
INSERT INTO triage.routing_rule (position, name, segment, skills, sla_policy, source_id, stop) VALUES
    (1, 'skills', 'a', '[{"skill": "tax"}, {"skill": "juggling"}]', 'gold', NULL, false),
    (2, 'policy', 'b', NULL, 'tin', NULL, false),
    (3, 'source', 'c', NULL, 'gold', 77, false),
    (4, 'idle',   'd', NULL, NULL, NULL, false);
INSERT INTO triage.automation_policy (intent, enabled, accepted_error) VALUES ('a', true, 0.05), ('b', false, 0.05);
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, tier) VALUES
    (5, 'allowed', 'a', 0.8, 'self_service'), (6, 'off', 'b', 0.8, 'self_service'), (7, 'none', 'c', 0.8, 'self_service');
SELECT rule, problem, other_rule, detail FROM triage.lint_rules();

SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund', 'I want a refund'), ('refund', 'give my money back'),
                 ('login', 'I forgot my password'), ('login', 'the login fails')) AS r(label, request)
$$);
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, intent, condition) VALUES
    (1, 'column', 'refnud', NULL),
    (2, 'equal',  NULL, '''logn'' = intent OR intent = ''login'''),
    (3, 'in',     NULL, 'intent IN (''refund'', ''refunds'') AND urgency > 0.3'),
    (4, 'fine',   'login', 'intent_confidence > 0.7');
SELECT rule, problem, other_rule, detail FROM triage.lint_rules();

-- what decisions tell: rules that never fired, and those that fail
CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, segment text);
SELECT triage.attach('tickets');
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, channel, condition, stop, tags, changed_at) VALUES
    (1, 'mail',   'mail', NULL,                           false, '{mail}',   '2026-01-01'),
    (2, 'fax',    'fax',  NULL,                           false, '{fax}',    '2026-01-01'),
    (3, 'new',    'fax',  NULL,                           false, '{new}',    '2026-11-22'),
    (4, 'fails',  NULL,   '10 / (body_length - 5) > 100', false, '{fails}',  '2026-01-01');
SELECT rule, problem, other_rule, detail FROM triage.lint_rules();
INSERT INTO tickets VALUES (1, 'hello', 'mail'), (2, 'hello you', 'mail'), (3, 'hullo', 'chat');
SELECT rule, problem, other_rule, detail FROM triage.lint_rules();
SELECT rule, enabled, version, matched, decided, failed, last_matched_at, last_failed_at, last_error FROM triage.rule_health ORDER BY position;
SET support_triage.clock = '2026-11-25 12:00:00+00';
INSERT INTO tickets VALUES (4, 'hello', 'fax');
SELECT rule, problem, other_rule, detail FROM triage.lint_rules('1 day');
SELECT rule, enabled, version, matched, decided, failed, last_matched_at, last_failed_at, last_error FROM triage.rule_health ORDER BY position;

-- it reads as the caller
CREATE ROLE lint_nobody;
GRANT USAGE ON SCHEMA triage TO lint_nobody;
GRANT EXECUTE ON FUNCTION triage.lint_rules TO lint_nobody;
SET ROLE lint_nobody;
SELECT * FROM triage.lint_rules();
RESET ROLE;
REVOKE ALL ON FUNCTION triage.lint_rules FROM lint_nobody;
REVOKE ALL ON SCHEMA triage FROM lint_nobody;
DROP ROLE lint_nobody;
