-- Policies and clocks: what starts, stops, pauses, warns and breaches, once each.
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET datestyle = 'ISO';
SET support_triage.clock = '2027-03-01 00:00+00';

INSERT INTO triage.calendar VALUES ('office', 'UTC');
INSERT INTO triage.calendar_hours SELECT 'office', d, '09:00', '17:00' FROM generate_series(1, 5) d;
INSERT INTO triage.sla_policy (policy_id, position, name, calendar, condition) VALUES
    (1, 10, 'gold', 'office', 'segment = ''gold'''),
    (2, 20, 'no promise', NULL, 'channel = ''social'''),
    (3, 30, 'everybody', NULL, NULL);
INSERT INTO triage.sla_target (policy_id, metric, min_priority, target) VALUES
    (1, 'first_reply', 0, '4 hours'), (1, 'first_reply', 80, '1 hour'), (1, 'first_reply', 90, NULL),
    (1, 'next_reply', 0, '2 hours'), (1, 'periodic_update', 0, '16 hours'), (1, 'requester_wait', 0, '24 hours'),
    (1, 'agent_work', 0, '8 hours'), (1, 'resolution', 0, '40 hours'),
    (3, 'first_reply', 0, '24 hours');

-- which policy: the first whose condition holds; without one, no clocks
SELECT triage.sla_policy_for(jsonb_populate_record(NULL::triage.facts, f)) FROM unnest(ARRAY['{"segment": "gold"}', '{"channel": "social"}',
    '{"segment": "gold", "channel": "social"}', '{}']::jsonb[]) f;

CREATE FUNCTION start(key text, facts jsonb, priority int, at timestamptz, status text DEFAULT 'new') RETURNS text LANGUAGE sql
AS $$SELECT triage.start_clocks('', 1, key, jsonb_populate_record(NULL::triage.facts, facts), priority::smallint, status, at)$$;
CREATE FUNCTION status(key text, status text, at timestamptz) RETURNS void LANGUAGE sql
AS $$SELECT triage.clocks_status('', 1, key, status, at)$$;
CREATE FUNCTION message(key text, author triage.author_kind, at timestamptz) RETURNS void LANGUAGE sql
AS $$SELECT triage.clocks_message('', 1, key, author, at)$$;
CREATE VIEW clocks AS SELECT ticket_key AS key, metric, cycle AS c, state, target, consumed, due_at, next_event_at, breached_at, finished_at
FROM triage.sla_clock ORDER BY ticket_key, metric, cycle;

-- a week of one ticket
SELECT start('a', '{"segment": "gold"}', 50, '2026-11-20 15:00+00');
SELECT * FROM clocks WHERE key = 'a';
SELECT message('a', 'bot', '2026-11-20 15:01+00');
SELECT message('a', 'customer', '2026-11-20 15:10+00');
SELECT count(*) AS a_bot_or_the_customer_change_nothing FROM clocks WHERE key = 'a' AND state <> 'running';
SELECT message('a', 'agent', '2026-11-20 16:00+00');
SELECT status('a', 'pending', '2026-11-20 16:00+00');
SELECT * FROM clocks WHERE key = 'a';
SELECT message('a', 'customer', '2026-11-23 10:00+00');
SELECT message('a', 'customer', '2026-11-23 10:30+00');
SELECT status('a', 'open', '2026-11-23 10:00+00');
SELECT * FROM clocks WHERE key = 'a' AND metric IN ('next_reply', 'agent_work', 'requester_wait', 'periodic_update');
SELECT message('a', 'agent', '2026-11-23 11:00+00');
SELECT status('a', 'On-Hold', '2026-11-23 11:00+00');
SELECT status('a', 'solved', '2026-11-24 11:00+00');
SELECT * FROM clocks WHERE key = 'a';
-- reopened: work and resolution go on where they were
SELECT status('a', 'open', '2026-11-25 09:00+00');
SELECT message('a', 'customer', '2026-11-25 09:00+00');
SELECT * FROM clocks WHERE key = 'a' AND state = 'running';

-- by priority; no promise is legal
SELECT start('b', '{"segment": "gold"}', 80, '2026-11-20 15:00+00'), start('c', '{"segment": "gold"}', 95, '2026-11-20 15:00+00'),
       start('d', '{"channel": "social"}', 50, '2026-11-20 15:00+00'), start('e', '{}', 50, '2026-11-20 15:00+00'),
       start('f', '{}', 50, '2026-11-20 15:00+00', 'closed');
SELECT key, metric, target, due_at FROM clocks WHERE key IN ('b', 'c', 'd', 'e', 'f') AND metric = 'first_reply';

-- warnings and breaches: each once, late ones once for all, none when paused
CREATE FUNCTION at(at timestamptz) RETURNS TABLE (key text, metric triage.sla_metric, event text, percent smallint, due_at timestamptz) LANGUAGE plpgsql
AS $$BEGIN
    PERFORM set_config('support_triage.clock', at::text, true);
    RETURN QUERY SELECT c.ticket_key, c.metric, c.event, c.percent, c.due_at FROM triage.sla_check() c WHERE c.ticket_key IN ('e', 'g');
END$$;
SELECT start('g', '{"segment": "gold"}', 50, '2026-11-30 09:00+00');
SELECT * FROM at('2026-11-30 10:59:59.999999+00') WHERE key = 'g';
SELECT * FROM at('2026-11-30 11:00+00') WHERE key = 'g';
SELECT * FROM at('2026-11-30 11:00+00') WHERE key = 'g';
SELECT * FROM at('2026-11-30 13:00+00') WHERE key = 'g';
SELECT * FROM at('2026-11-30 13:00+00') WHERE key = 'g';
SELECT status('g', 'pending', '2026-11-30 13:00+00');
SELECT * FROM at('2026-11-30 16:59+00') WHERE key = 'g';
SELECT status('g', 'open', '2026-11-30 16:59+00');
SELECT * FROM at('2026-12-01 12:30+00') WHERE key = 'g';
SELECT message('g', 'agent', '2026-12-01 12:30+00');
SELECT * FROM clocks WHERE key = 'g';
SELECT triage.sla_check(0);

-- a change of a promise or a calendar computes open deadlines anew, at the end of the transaction
SELECT start('h', '{"segment": "gold"}', 50, '2027-01-04 15:00+00');
SELECT metric, target, due_at FROM clocks WHERE key = 'h';
INSERT INTO triage.calendar_holiday VALUES ('office', '2027-01-05', 'snow'), ('office', '2027-01-06', 'Epiphany');
SELECT metric, target, due_at FROM clocks WHERE key = 'h';
BEGIN;
UPDATE triage.sla_target SET target = '2 hours' WHERE policy_id = 1 AND metric = 'first_reply' AND min_priority = 0;
DELETE FROM triage.sla_target WHERE policy_id = 1 AND metric = 'agent_work';
SELECT metric, state, target, due_at FROM clocks WHERE key = 'h';
SET CONSTRAINTS ALL IMMEDIATE;
SELECT metric, state, target, due_at FROM clocks WHERE key = 'h';
ROLLBACK;
SELECT metric, state, target, due_at FROM clocks WHERE key = 'h';
-- around the clock from now on
UPDATE triage.sla_policy SET calendar = NULL, description = 'more staff' WHERE name = 'gold';
SELECT metric, state, due_at FROM clocks WHERE key = 'h';
SELECT name, version FROM triage.sla_policy ORDER BY 1;
-- a policy that is removed while clocks run: they go on
UPDATE triage.sla_policy SET calendar = 'office' WHERE name = 'gold';
DELETE FROM triage.sla_policy WHERE name = 'gold';
SELECT metric, state, due_at FROM clocks WHERE key = 'h';
SELECT message('h', 'agent', '2027-01-04 16:00+00');
SELECT metric, state, due_at, finished_at FROM clocks WHERE key = 'h';

-- a calendar that clocks need stays; its hours may not all go while they run
DELETE FROM triage.calendar WHERE name = 'office';
DELETE FROM triage.calendar_hours WHERE calendar = 'office';
SELECT metric, state, due_at FROM clocks WHERE key = 'h';

-- nor does a ticket fail for a calendar without hours, or for an impossible time
INSERT INTO triage.calendar VALUES ('empty', 'UTC');
INSERT INTO triage.sla_policy (policy_id, position, name, calendar, condition) VALUES (4, 5, 'empty', 'empty', 'channel = ''void''');
INSERT INTO triage.sla_target VALUES (4, 'first_reply', 0, '1 hour');
SELECT start('k', '{"channel": "void"}', 50, '2027-02-01 15:00+00');
SELECT metric, state, due_at, next_event_at FROM clocks WHERE key = 'k';
SET support_triage.clock = '2027-02-01 12:00+00';
SELECT start('l' || n, '{}', 50, at) FROM unnest('{-infinity,infinity,0044-03-15 BC,9999-12-31,2027-02-02 11:00+00}'::timestamptz[]) WITH ORDINALITY u(at, n);
SELECT key, started_at, due_at FROM triage.sla_clock, LATERAL (SELECT ticket_key AS key) k WHERE key LIKE 'l%' ORDER BY 1;
SET support_triage.clock = '2027-03-01 00:00+00';

-- statuses of one's own
INSERT INTO triage.status_phase VALUES ('erledigt', 'solved'), ('wartet', 'pending');
SELECT start('i', '{}', 50, '2027-02-01 15:00+00', 'erledigt'), start('j', '{}', 50, '2027-02-01 15:00+00', 'wartet');
SELECT key, metric, state FROM clocks WHERE key IN ('i', 'j');

-- what cannot be promised
INSERT INTO triage.sla_policy (position, name, condition) VALUES (1, 'x', 'segment = 5');
INSERT INTO triage.sla_policy (position, name, condition) VALUES (1, 'x', 'segment');
INSERT INTO triage.sla_policy (position, name, warn_at) VALUES (1, 'x', '{90,50}');
INSERT INTO triage.sla_policy (position, name, calendar) VALUES (1, 'x', 'nowhere');
INSERT INTO triage.sla_target VALUES (3, 'next_reply', 0, '2 days');
INSERT INTO triage.sla_target VALUES (3, 'next_reply', 0, '-2 hours');
INSERT INTO triage.sla_target VALUES (3, 'next_reply', 101, '2 hours');
INSERT INTO triage.sla_target VALUES (3, 'next_reply', 0, '2 hours', '{open}');
SELECT triage.start_clocks('', 1, NULL, NULL, NULL, NULL, NULL);

-- what people read
SET support_triage.clock = '2027-01-05 12:00:00+00';
SELECT ticket_key, metric, policy, state, target, used, percent_used, due_at, breached FROM triage.sla_status WHERE ticket_key IN ('a', 'e', 'h') ORDER BY 1, 2;
SELECT policy, metric, met, in_time, late, open, cancelled, percent_in_time, median FROM triage.sla_report ORDER BY 1, 2;
