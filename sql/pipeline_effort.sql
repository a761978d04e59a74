-- How much work tickets were, and of which intent: recorded, learnt, and part of the complexity of those to come
SET client_min_messages = warning;
CREATE SCHEMA pipeline_effort;
SET search_path = pipeline_effort;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
INSERT INTO triage.queue (name, is_default) VALUES ('all', true);
INSERT INTO triage.agent (name, capacity) VALUES ('ann', 100), ('bob', 100);
INSERT INTO triage.agent_queue (agent, queue) VALUES ('ann', 'all'), ('bob', 'all');
SELECT count(triage.set_presence(name, 'available')) FROM triage.agent;
CREATE TABLE tickets (id int PRIMARY KEY, body text, status text);
SELECT triage.attach('tickets') ->> 'status' AS status;
CREATE FUNCTION at(at text) RETURNS void LANGUAGE sql AS $$SELECT set_config('support_triage.clock', CASE WHEN at LIKE '____-%' THEN at ELSE '2026-11-23 ' || at END || '+00', false)$$;
CREATE FUNCTION status(at text, id int, status text) RETURNS void LANGUAGE sql AS $$SELECT at(at); UPDATE pipeline_effort.tickets t SET status = $3 WHERE t.id = $2$$;
CREATE FUNCTION come(at text, id int, status text DEFAULT 'new', body text DEFAULT 'I want a refund') RETURNS void LANGUAGE sql AS $$SELECT at(at); INSERT INTO pipeline_effort.tickets VALUES (id, body, status)$$;
CREATE FUNCTION claim(at text, agent text) RETURNS text LANGUAGE sql AS $$SELECT at(at); SELECT ticket_key FROM triage.claim_ticket(agent)$$;
CREATE VIEW handled AS SELECT ticket_key::int AS id, paused, paused_since, reopened, solved_at, intent, minutes FROM triage.ticket_handling;

-- 30 minutes of work, an hour of waiting for the customer and for others, 20 minutes of work
SELECT come('10:00', 1), claim('10:10', 'ann'), status('10:20', 1, 'open');
SELECT count(*) FROM handled;
SELECT status('10:40', 1, 'pending'), status('11:10', 1, 'on hold');
SELECT * FROM handled;
SELECT status('11:40', 1, 'open'), status('12:00', 1, 'solved'), status('12:30', 1, 'closed');
SELECT * FROM handled;
-- opened again it has none; solved again it has all of it: 5 minutes more
SELECT status('13:00', 1, 'open');
SELECT * FROM handled;
SELECT status('13:05', 1, 'solved');
SELECT reopened, solved_at, minutes FROM handled;
-- and straight into waiting: 5 minutes more that are none, then 3 that are
SELECT status('14:00', 1, 'pending'), status('14:05', 1, 'open'), status('14:08', 1, 'solved');
SELECT * FROM handled;

-- two agents, 20 and 10 minutes, and half an hour with nobody
SELECT come('10:00', 2), claim('10:00', 'ann'), at('10:20');
SELECT triage.release_ticket('', source_id, '2', 'lunch') FROM triage.source;
SELECT claim('10:50', 'bob'), status('11:00', 2, 'solved');
-- nobody had it; nobody knows what it is about
SELECT come('10:00', 3), status('11:00', 3, 'closed'), come('10:00', 4, body => 'qqqq wwww'), status('11:00', 4, 'closed');
-- it came pending, and nobody saw since when; it came solved
SELECT come('10:00', 5, 'pending'), claim('10:00', 'ann'), status('10:30', 5, 'open'), status('10:45', 5, 'solved');
SELECT come('10:00', 6, 'solved'), status('11:00', 6, 'open');
-- pending to the end
SELECT come('10:00', 7), claim('10:00', 'bob');
SELECT at('10:30');
SELECT triage.withdraw_ticket('', source_id, '6') FROM triage.source;
SELECT status('10:30', 7, 'pending'), status('11:00', 7, 'solved');
-- the clock was set back: no error, and nothing less than nothing
SELECT come('10:00', 8), claim('10:00', 'ann'), status('10:30', 8, 'pending'), status('09:30', 8, 'open'), status('09:40', 8, 'solved');
SELECT * FROM handled WHERE id > 1 ORDER BY id;
-- of 150 pauses of a minute, a minute of work after each, the hundredth and all behind it are one: 100 minutes of 300
SELECT come('10:00', 9), claim('10:00', 'ann');
DO $$ BEGIN
    FOR n IN 0 .. 149 LOOP
        PERFORM at((timestamp '2026-11-23 10:00' + n * interval '2 minutes')::text);
        UPDATE tickets SET status = 'pending' WHERE id = 9;
        PERFORM at((timestamp '2026-11-23 10:01' + n * interval '2 minutes')::text);
        UPDATE tickets SET status = 'open' WHERE id = 9;
    END LOOP;
END $$;
SELECT status('15:00', 9, 'solved');
SELECT (SELECT count(*) FROM unnest(paused)) AS pauses, upper(paused), minutes FROM handled WHERE id = 9;

-- business hours: Monday from four to five, Tuesday from nine to ten but for a quarter of an hour
INSERT INTO triage.calendar (name, time_zone) VALUES ('office', 'UTC'), ('never', 'UTC');
INSERT INTO triage.calendar_hours (calendar, weekday, opens, closes) SELECT 'office', d, '09:00', '17:00' FROM generate_series(1, 5) AS d;
INSERT INTO triage.sla_policy (policy_id, position, name, calendar) VALUES (1, 1, 'firms', 'office');
SELECT come('15:00', 11), come('15:30', 12), come('15:45', 13);
SELECT claim('16:00', 'ann'), claim('16:00', 'ann'), claim('16:00', 'ann');
SELECT status('2026-11-24 09:30', 11, 'pending'), status('2026-11-24 09:45', 11, 'open'), status('2026-11-24 10:00', 11, 'solved');
-- the calendar is never open, the policy is gone: around the clock
UPDATE triage.sla_policy SET calendar = 'never';
SELECT status('2026-11-24 10:00', 12, 'solved');
DELETE FROM triage.sla_policy;
SELECT status('2026-11-24 11:00', 13, 'solved');
SELECT id, minutes FROM handled WHERE id > 10 ORDER BY id;
DELETE FROM triage.calendar;

-- another key takes it along, a ticket that goes takes it away
UPDATE tickets SET id = 111 WHERE id = 11;
SELECT id, minutes FROM handled WHERE id > 10 ORDER BY id;
DELETE FROM tickets WHERE id IN (12, 13);
SELECT id FROM handled WHERE id > 8 ORDER BY id;
TRUNCATE tickets;
SELECT count(*) FROM handled;
-- no assignment: opened again or not is known all the same
SELECT triage.attach('tickets', options => '{"assign": false}') ->> 'status' AS status;
SELECT come('10:00', 1), status('11:00', 1, 'closed'), status('11:30', 1, 'open'), status('12:00', 1, 'closed');
SELECT reopened, solved_at, intent, minutes FROM handled;
-- who changes a status needs no right on it, nor may they look
CREATE ROLE regress_st_effort;
GRANT USAGE ON SCHEMA pipeline_effort TO regress_st_effort;
GRANT SELECT, UPDATE ON tickets TO regress_st_effort;
SET ROLE regress_st_effort;
UPDATE tickets SET status = 'on hold';
SELECT count(*) FROM triage.ticket_handling;
RESET ROLE;
SELECT reopened, paused_since, solved_at, intent FROM handled;
DROP OWNED BY regress_st_effort;
DROP ROLE regress_st_effort;
-- solved before it was decided: nobody knows what it is about
SELECT triage.attach('tickets', options => '{"mode": "deferred"}') ->> 'status' AS status;
SELECT come('10:00', 2), status('10:10', 2, 'solved');
SELECT triage.decide_backlog(10);
SELECT solved_at, intent FROM handled WHERE id = 2;
-- the table is dropped: so is this, once that is noticed
SELECT count(*) FROM triage.source WHERE triage.forget_gone_tickets() IS NULL;
DROP TABLE tickets;
SELECT triage.forget_gone_tickets();
SELECT count(*) FROM handled;

-- learnt: tenant a has three intents with times, one of too few tickets and one of too long ago; b has one alone; in c no
-- intent has five times, in d one has; in e there is nothing that differs
SELECT at('2026-11-23 12:00');
CREATE FUNCTION solved(tenant text, intent text, minutes real[], reopened int[] DEFAULT '{0,0,0,0,0}', solved_at timestamptz DEFAULT '2026-11-01 12:00+00') RETURNS void LANGUAGE sql AS $$
    INSERT INTO triage.ticket_handling (tenant_id, source_id, ticket_key, reopened, solved_at, intent, minutes)
    SELECT tenant, 99, intent || n || solved_at, r, solved_at, intent, m FROM ROWS FROM (unnest(minutes), unnest(reopened)) WITH ORDINALITY AS v (m, r, n)$$;
SELECT solved('a', 'refund_request', '{500,10,60,90,20}', '{0,2,0,0,0}'), solved('a', 'account_access', '{2,4,6,8,40}'),
       solved('a', 'delivery_status', '{30,30,30,30,NULL,30}', '{0,0,0,0,0,1}'), solved('a', 'other', '{99,99,99,99}', '{0,0,0,0}'),
       solved('a', 'old', '{99,99,99,99,99}', solved_at => '2026-05-27 12:00+00'),
       solved('b', 'refund_request', '{1,2,3,4,5}'),
       solved('c', 'refund_request', '{NULL,NULL,NULL,NULL,NULL}', '{1,1,0,0,0}'), solved('c', 'account_access', '{7,7,7,7,NULL}', '{1,0,0,0,0}'),
       solved('c', 'delivery_status', '{NULL,NULL,NULL,NULL,NULL}', '{5,0,0,0,0}'), solved('c', 'other', '{NULL,NULL,NULL,NULL,NULL}'),
       solved('d', 'refund_request', '{7,7,7,7,7}', '{1,1,1,1,1}'), solved('d', 'account_access', '{NULL,NULL,NULL,NULL,NULL}'),
       solved('e', 'refund_request', '{NULL,NULL,NULL,NULL,NULL}'), solved('e', 'account_access', '{NULL,NULL,NULL,NULL,NULL}');
SELECT triage.learn_intent_history();
SELECT tenant_id, intent, tickets, minutes, reopen_rate, history FROM triage.intent_history ORDER BY 1, 2;
-- only what is another is written
CREATE TEMP TABLE before AS SELECT ctid AS place, * FROM triage.intent_history;
SELECT triage.learn_intent_history();
SELECT solved('b', 'refund_request', '{3}', '{0}', '2026-11-02 12:00+00');
DELETE FROM triage.ticket_handling WHERE tenant_id = 'e' AND intent = 'account_access';
SELECT at('2026-11-23 13:00');
SELECT triage.learn_intent_history();
SELECT i.tenant_id, i.intent, i.tickets, i.computed_at FROM triage.intent_history i JOIN before b USING (tenant_id, intent) WHERE i.ctid <> b.place;
SELECT tenant_id, intent FROM before EXCEPT SELECT tenant_id, intent FROM triage.intent_history;
-- the worker's task
DELETE FROM triage.intent_history WHERE tenant_id = 'd';
SELECT triage.tend_intent_history() IS NULL AS until_run_every;
SELECT count(*) FROM triage.intent_history WHERE tenant_id = 'd';
TRUNCATE triage.intent_history;
CALL triage.tick();
SELECT count(*) FROM triage.intent_history;
SELECT failures, last_error, next_due - last_started <= '1 hour' AS hourly FROM triage.task_status WHERE name = 'intent_history';

-- decided by: each tenant by its own, and by nothing where that is not wanted, not known or not in scope
CREATE TABLE firms (id int, tenant text, body text, PRIMARY KEY (id, tenant));
SELECT triage.attach('firms') ->> 'tenant' AS tenant;
CREATE VIEW complexity AS
SELECT d.tenant_id, d.ticket_key, d.intent, d.complexity, d.complexity_history AS added, triage.complexity(f.body) AS of_text, i.history, i.tickets
FROM triage.decision d JOIN firms f ON f.tenant = d.tenant_id AND f.id::text = d.ticket_key
LEFT JOIN triage.intent_history i ON i.tenant_id = d.tenant_id AND i.intent = d.intent AND d.in_scope;
INSERT INTO firms SELECT 1, t, 'Please help: I want a refund' FROM unnest('{a,b,c,z}'::text[]) AS t;
INSERT INTO firms VALUES (2, 'a', 'Hello, I forgot my password'), (3, 'a', 'qqqq wwww zzzz'),
    (4, 'a', 'I forgot my password? Hello, I forgot my password? Hi, I forgot my password? Please help: I forgot my password?');
SELECT tenant_id, ticket_key, intent, round(complexity::numeric, 3) AS complexity, round(added::numeric, 3) AS added FROM complexity ORDER BY 1, 2;
SELECT ticket_key FROM complexity WHERE complexity <> coalesce(triage.complexity_with_history(of_text, history, tickets), of_text)
   OR added IS DISTINCT FROM CASE WHEN history IS NOT NULL THEN complexity - of_text END;
SELECT triage.attach('firms', options => '{"understand": ["complexity"]}') ->> 'tenant' AS tenant;
SELECT triage.decide_again('firms', '1', 'a');
SELECT complexity = of_text AS of_text_alone, added FROM complexity WHERE tenant_id = 'a' AND ticket_key = '1';
SELECT triage.attach('firms', options => '{"understand": ["history"]}') ->> 'tenant' AS tenant;
SELECT triage.decide_again('firms', '1', 'a');
SELECT complexity, added FROM complexity WHERE tenant_id = 'a' AND ticket_key = '1';
SELECT triage.attach('firms') ->> 'tenant' AS tenant;
SELECT triage.decide_again('firms', '1', 'a');
SELECT revision, complexity_history IS NOT NULL AS added FROM triage.decision_history WHERE tenant_id = 'a' ORDER BY 1;

-- an intent that turned out to be much work: its tickets are complex, and it is said why
SELECT solved('a', 'refund_request', array_fill(60::real, ARRAY[2000]), array_fill(0, ARRAY[2000]), '2026-11-03 12:00+00');
SELECT triage.learn_intent_history();
UPDATE triage.tier_policy SET complex_from = 0.26;
SELECT triage.decide_again('firms', '1', 'a');
SELECT tier, complexity::numeric(4,3), complexity_history::numeric(4,3) AS added, reasons FROM triage.ticket_overview WHERE tenant_id = 'a' AND ticket_key = '1';
SELECT jsonb_pretty(triage.explain_decision('firms', '1', 'a') #> '{evidence,complexity}');
SELECT triage.explain_decision('firms', '1', 'a') #>> '{tier,because}' AS because,
       round((triage.explain_decision('firms', '1', 'a') #>> '{facts,complexity_history}')::numeric, 5) = round((triage.explain_decision('firms', '1', 'a') #>> '{decision,facts,complexity_history}')::numeric, 5) AS same;
SELECT triage.explain_decision('firms', '1', 'z') #> '{evidence,complexity,history}' AS history, triage.explain_decision('firms', '1', 'z') #> '{facts,complexity_history}' AS added;
SELECT triage.explain_decision('firms', '1', 'a') -> 'changed' AS of_a, triage.explain_decision('firms', '1', 'c') -> 'changed' AS of_c;
-- a rule can ask, and a replay goes by what was known
INSERT INTO triage.queue (name) VALUES ('patient');
SELECT to_queue, decisions FROM triage.replay_routing('[{"name": "laborious", "condition": "complexity_history > 0.2", "queue": "patient"}]') WHERE to_queue = 'patient';
INSERT INTO triage.routing_rule (position, name, condition, queue) VALUES (1, 'laborious', 'complexity_history > 0.2', 'patient');
SELECT n, (triage.try_rules(jsonb_populate_record(NULL::triage.facts, jsonb_build_object('complexity_history', n)))).queue FROM unnest('{0.1,0.3}'::real[]) AS n;
DELETE FROM triage.routing_rule;
-- nothing is known any more
TRUNCATE triage.intent_history;
SELECT triage.explain_decision('firms', '1', 'a') -> 'changed' AS of_a;
SELECT triage.decide_again('firms', '1', 'a');
SELECT complexity = of_text AS of_text_alone, added FROM complexity WHERE tenant_id = 'a' AND ticket_key = '1';

-- leave nothing behind
UPDATE triage.tier_policy SET complex_from = 0.6;
SELECT triage.detach('firms', true);
DELETE FROM triage.ticket_handling;
DELETE FROM triage.agent;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_effort CASCADE;
