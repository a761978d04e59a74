-- Rules: conditions, what they set, when and for whom they hold
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET support_triage.clock = '2026-11-23 12:00:00+00';
CREATE FUNCTION try(facts jsonb) RETURNS SETOF record LANGUAGE sql
AS 'SELECT t FROM triage.try_rules(jsonb_populate_record(NULL::triage.facts,
        ''{"tenant_id": "", "source_id": 1, "ticket_key": "1", "in_scope": true, "intent": "refund", "intent_confidence": 0.9}'' || facts)) t';
INSERT INTO triage.queue (name, tier, is_default) VALUES ('all', NULL, true), ('money', NULL, false), ('seniors', 'senior', false);
INSERT INTO triage.sla_policy (position, name) VALUES (1, 'gold'), (2, 'silver');

-- what is no rule
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'intent = = 5');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'intent = ''refund');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'body_length');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'body_length > ''long''');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'colour = ''red''');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'urgency > random()');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'created_at < now()');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'EXISTS (SELECT FROM pg_class)');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'count(*) > 1');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'pg_sleep(1) IS NULL');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', 'true; DROP TABLE triage.decision');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (1, 'x', repeat('true AND ', 2000) || 'true');
INSERT INTO triage.routing_rule (position, name, skills) VALUES (1, 'x', '{"skill": "tax"}');
INSERT INTO triage.routing_rule (position, name, skills) VALUES (1, 'x', '[{"skill": "tax", "level": 11}]');
INSERT INTO triage.routing_rule (position, name, skills) VALUES (1, 'x', '[{"skill": "tax", "colour": 1}]');
\set VERBOSITY terse
INSERT INTO triage.routing_rule (position, name, tags) VALUES (1, 'x', '{a,NULL}');
INSERT INTO triage.routing_rule (position, name, queue) VALUES (1, 'x', 'nowhere');
INSERT INTO triage.routing_rule (position, name, sla_policy) VALUES (1, 'x', 'tin');
INSERT INTO triage.routing_rule (position, name, rollout_percent) VALUES (1, 'x', 101);
INSERT INTO triage.routing_rule (position, name, valid_from, valid_until) VALUES (1, 'x', '2026-01-02', '2026-01-01');
\set VERBOSITY default
SELECT count(*) FROM triage.routing_rule;
SELECT triage.routing_rule_check();

-- the first to set something has its way, what is added adds up, and a rule that stops ends it
INSERT INTO triage.routing_rule (position, name, condition, queue, priority, tags, skills, sla_policy, escalate_reason, block_automation, stop) VALUES
    (10, 'vip',     'segment = ''vip''',                        NULL,      90,   '{vip,care}',  '[{"skill": "tax", "level": 3}]', 'gold',   NULL,   false, false),
    (20, 'angry',   'sentiment < -0.4 AND emotion = ''anger''', 'seniors', NULL, '{care,angry}', '[{"skill": "calm", "drop_after": "1 hour"}, {"skill": "calm"}, {"skill": "tax", "level": 9}]', NULL, 'angry', true, false),
    (30, 'refund',  'intent = ''refund'' AND in_scope',         'money',   20,   '{refund}',    NULL, 'silver', 'big', false, true),
    (40, 'nobody',  'true',                                     'money',   1,    '{never}',     NULL, NULL,     NULL,  false, false);
\x
SELECT * FROM try('{"segment": "vip", "sentiment": -0.62, "emotion": "anger"}') t (outcome triage.outcome, tier triage.tier, queue text, priority smallint, rules text[], failed text[], tags text[], skills text[], policy text, blocked boolean, escalations text[], reasons text[]);
SELECT * FROM try('{}') t (outcome triage.outcome, tier triage.tier, queue text, priority smallint, rules text[], failed text[], tags text[], skills text[], policy text, blocked boolean, escalations text[], reasons text[]);
SELECT * FROM try('{"intent": "login"}') t (outcome triage.outcome, tier triage.tier, queue text, priority smallint, rules text[], failed text[], tags text[], skills text[], policy text, blocked boolean, escalations text[], reasons text[]);
\x
CREATE FUNCTION applied(facts jsonb) RETURNS text LANGUAGE sql
AS 'SELECT format(''%s failed %s: %s'', rules, failed, reasons) FROM try(facts) t (outcome triage.outcome, tier triage.tier, queue text, priority smallint, rules text[], failed text[], tags text[], skills text[], policy text, blocked boolean, escalations text[], reasons text[])';

-- a condition that fails counts as false, says so, and stops nothing
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, stop) VALUES
    (1, 'ratio',   '1000 / body_length > 5',                        false),
    (2, 'number',  'segment::int > 3',                              false),
    (3, 'null',    'customer = ''anna''',                           false),
    (4, 'pattern', 'status ~ ticket_priority',                      false),
    (5, 'simple',  'body_length < 10',                              false),
    (6, 'last',    NULL,                                            true);
-- but what was meant to keep machines off does, while it fails
UPDATE triage.routing_rule SET block_automation = true WHERE name = 'number';
SELECT blocked, reasons FROM try('{"body_length": 10, "segment": "vip"}') t (outcome triage.outcome, tier triage.tier, queue text, priority smallint, rules text[], failed text[], tags text[], skills text[], policy text, blocked boolean, escalations text[], reasons text[]);
UPDATE triage.routing_rule SET block_automation = false WHERE name = 'number';
SELECT applied('{"body_length": 0, "segment": "vip", "status": "open", "ticket_priority": "("}');
SELECT applied('{"body_length": 100, "segment": "4", "status": "open", "ticket_priority": "o"}');
SELECT applied('{}');

-- the clock is the decision's
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, valid_from, valid_until, stop) VALUES
    (1, 'old',      'triage.now() - created_at > interval ''1 day''', NULL, NULL, false),
    (2, 'november', NULL, '2026-11-01 00:00+00', '2026-12-01 00:00+00', false),
    (3, 'past',     NULL, NULL, '2026-11-23 12:00+00', false),
    (4, 'now',      NULL, '2026-11-23 12:00+00', NULL, false),
    (5, 'future',   NULL, '2026-11-23 12:00:01+00', NULL, false),
    (6, 'monday',   'extract(isodow FROM triage.now() AT TIME ZONE ''Europe/Berlin'') = 1', NULL, NULL, false);
SELECT applied('{"created_at": "2026-11-20 12:00+00"}');
SET support_triage.clock = '2026-12-01 00:00:00+00';
SELECT applied('{"created_at": "2026-11-30 12:00+00"}');
SET support_triage.clock = '2026-11-23 12:00:00+00';

-- for one table, one tenant, a share of the tickets
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, source_id, tenant, stop) VALUES
    (1, 'source 1', 1, NULL, false), (2, 'source 2', 2, NULL, false), (3, 'acme', NULL, 'acme', false);
SELECT applied('{}');
SELECT applied('{"tenant_id": "acme", "source_id": 2}');
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, rollout_percent, stop) VALUES (1, 'trial', 20, false), (2, 'none', 0, false);
CREATE TABLE share AS SELECT i, applied(jsonb_build_object('ticket_key', i::text)) LIKE '{trial}%' AS trial FROM generate_series(1, 2000) i;
SELECT count(*) FILTER (WHERE trial) BETWEEN 340 AND 460 AS about_a_fifth FROM share;
UPDATE triage.routing_rule SET rollout_percent = 40 WHERE name = 'trial';
SELECT count(*) FILTER (WHERE now_trial) BETWEEN 720 AND 880 AS about_two_fifths, bool_and(now_trial) FILTER (WHERE trial) AS the_same_and_more
FROM (SELECT trial, applied(jsonb_build_object('ticket_key', i::text)) LIKE '{trial}%' AS now_trial FROM share) s;
SELECT array_agg(i) FROM (SELECT i FROM generate_series(1, 40) i WHERE applied(jsonb_build_object('ticket_key', i::text)) LIKE '{trial}%') s;
SELECT count(*) AS never FROM share WHERE applied(jsonb_build_object('ticket_key', i::text)) LIKE '%none%';

-- a condition means the same whatever the caller's search_path, and calls nothing of theirs
CREATE SCHEMA mine;
CREATE FUNCTION mine.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'x' $$;
CREATE FUNCTION mine.same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
CREATE OPERATOR mine.= (FUNCTION = mine.same, LEFTARG = text, RIGHTARG = text);
SET search_path = mine, pg_catalog, public;
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, stop) VALUES (1, 'case', 'lower(segment) = ''vip''', false);
SELECT public.applied('{"segment": "VIP"}');
SELECT public.applied('{"segment": "x"}');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (2, 'mine', 'mine.lower(segment) = ''vip''');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (2, 'mine', 'segment OPERATOR(mine.=) ''vip''');
RESET search_path;

-- nor do the session's settings change what it means
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
SET transform_null_equals = on;
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, stop) VALUES
    (1, 'from 9', 'created_at >= ''2026-11-23 09:00'' AND created_at < timestamptz ''2026-11-23 10:00''', false),
    (2, 'null',   'customer = NULL', false);
SELECT applied('{"created_at": "2026-11-23 09:30+00"}');
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT applied('{"created_at": "2026-11-23 00:30+00"}');
RESET transform_null_equals;
DELETE FROM triage.routing_rule;
INSERT INTO triage.routing_rule (position, name, condition, stop) VALUES (1, 'case', 'lower(segment) = ''vip''', false);

-- what a condition calls may go; the rule is a broken one then
ALTER TABLE triage.routing_rule DISABLE TRIGGER routing_rule_check;
INSERT INTO triage.routing_rule (position, name, condition, skills, stop) VALUES
    (2, 'gone', 'nosuch(segment)', NULL, false), (3, 'odd', NULL, '{}', false);
ALTER TABLE triage.routing_rule ENABLE TRIGGER routing_rule_check;
SELECT applied('{"segment": "VIP"}');
