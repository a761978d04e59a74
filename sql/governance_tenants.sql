-- Whose tickets a role sees: every table with tenants, every way to them
SET client_min_messages = warning;
CREATE SCHEMA governance_tenants;
SET search_path = governance_tenants;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'),
                 ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
CREATE TABLE tickets (tenant_id text, id int, customer_id text, body text, PRIMARY KEY (tenant_id, id));
SELECT triage.attach('tickets') ->> 'tenant' AS tenant;
CREATE TABLE later (tenant_id text, id int, body text, PRIMARY KEY (tenant_id, id));
SELECT triage.attach('later', options => '{"mode": "deferred"}') ->> 'tenant' AS tenant;
INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'refunds', 'refund_request', 'money');
INSERT INTO triage.sla_policy (policy_id, position, name) VALUES (1, 1, 'all');
INSERT INTO triage.sla_target (policy_id, metric, target) VALUES (1, 'first_reply', '4 hours');
INSERT INTO tickets
SELECT tenant, g, 'ada', (ARRAY['I want a refund, it is urgent', 'where is my parcel'])[g % 2 + 1]
FROM generate_series(1, 4) AS g, unnest('{a,b,""}'::text[]) AS tenant;
UPDATE tickets SET body = 'I forgot my password' WHERE id = 2;
INSERT INTO later SELECT tenant, 1, 'I want a refund' FROM unnest('{a,b,""}'::text[]) AS tenant;
-- rows in the tables that no trigger of these tickets fills
INSERT INTO triage.agent (name, capacity) VALUES ('ann', 100);
INSERT INTO triage.agent_queue (agent, queue) SELECT a.name, q.name FROM triage.agent a, triage.queue q;
SELECT triage.set_presence('ann', 'available');
SELECT count(triage.enqueue_ticket(tenant, 1, id::text, (SELECT name FROM triage.queue WHERE is_default), 50))
FROM generate_series(1, 4) AS id, unnest('{a,b,""}'::text[]) AS tenant;
SELECT count(*) FROM (SELECT (triage.claim_ticket('ann', 3)).*) AS c;
INSERT INTO triage.ticket_handling (source_id, tenant_id, ticket_key) SELECT 1, t, '9' FROM unnest('{a,b,""}'::text[]) AS t;
INSERT INTO triage.intent_history (tenant_id, intent, tickets, reopen_rate, computed_at) SELECT t, 'refund_request', 5, 0, now() FROM unnest('{a,b,""}'::text[]) AS t;
INSERT INTO triage.early_message (source_id, tenant_id, ticket_key, author, arrived_at, noted_at) SELECT 1, t, '9', 'agent', now(), now() FROM unnest('{a,b,""}'::text[]) AS t;
INSERT INTO triage.escalation_policy (cause, max_attempts) VALUES ('rule:refunds', 1);
SELECT count(*) FROM triage.claim_escalations('w', batch => 100);
SELECT count(*) FILTER (WHERE ticket_key = '2') AS completed, count(*) FILTER (WHERE ticket_key = '4') AS failed
FROM (SELECT ticket_key, CASE ticket_key WHEN '2' THEN triage.complete_escalation(escalation_id, 'w')::text ELSE triage.fail_escalation(escalation_id, 'w', 'x')::text END
      FROM triage.escalation ORDER BY escalation_id) AS e;
SELECT count(triage.escalate('tickets', '1', 'by hand', tenant => t)) FROM unnest('{a,b,""}'::text[]) AS t;

CREATE ROLE regress_st_all;
CREATE ROLE regress_st_a;
CREATE ROLE regress_st_ab;
CREATE ROLE regress_st_none;
CREATE ROLE regress_st_member IN ROLE regress_st_a;
CREATE ROLE regress_st_plain;
SELECT triage.grant_access('regress_st_all', 'auditor');
SELECT triage.grant_access('regress_st_a', 'auditor', '{a}');
SELECT triage.grant_access('regress_st_ab', 'auditor', '{a,b}');
SELECT triage.grant_access('regress_st_none', 'auditor', '{}');
GRANT USAGE ON SCHEMA governance_tenants TO PUBLIC;
GRANT USAGE ON SCHEMA triage TO regress_st_plain;
GRANT SELECT ON triage.decision TO regress_st_plain;

-- the tenants that each role sees in each table and view that has them
CREATE FUNCTION seen(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT coalesce(string_agg(DISTINCT quote_literal(tenant_id), '' '' ORDER BY quote_literal(tenant_id)), ''nothing'') FROM %s', relation) INTO result;
    RETURN result;
END
$$;
CREATE VIEW with_tenants AS
SELECT c.oid::regclass AS relation, c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'triage'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attname = 'tenant_id' AND NOT c.relispartition
OFFSET 0;
GRANT SELECT ON with_tenants TO PUBLIC;
SELECT relname FROM with_tenants WHERE seen(relation) <> $$'' 'a' 'b'$$ ORDER BY 1;
SET ROLE regress_st_all;
SELECT relname, seen(relation) FROM with_tenants WHERE seen(relation) <> $$'' 'a' 'b'$$ ORDER BY 1;
SET ROLE regress_st_ab;
SELECT relname, seen(relation) FROM with_tenants WHERE seen(relation) <> $$'' 'a' 'b'$$ ORDER BY 1;
SET ROLE regress_st_a;
SELECT relname, seen(relation) FROM with_tenants WHERE seen(relation) <> $$'' 'a'$$ ORDER BY 1;
SET ROLE regress_st_member;
SELECT relname, seen(relation) FROM with_tenants WHERE seen(relation) <> $$'' 'a'$$ ORDER BY 1;
SET ROLE regress_st_none;
SELECT relname, seen(relation) FROM with_tenants WHERE seen(relation) <> $$''$$ ORDER BY 1;
-- a right that somebody granted by hand does not open the tenants
SET ROLE regress_st_plain;
SELECT count(*) FROM triage.decision;
RESET ROLE;
GRANT EXECUTE ON FUNCTION triage.sees_tenant, triage.sees_all_tenants TO regress_st_plain;
SET ROLE regress_st_plain;
SELECT seen('triage.decision');

-- no setting and no function of one's own widens it
SET ROLE regress_st_a;
SET row_security = off;
SELECT count(*) FROM triage.decision;
RESET row_security;
CREATE FUNCTION pg_temp.leak(tenant text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN RAISE WARNING 'saw %', tenant; RETURN true; END$$;
SELECT count(*) FROM triage.decision WHERE tenant_id <> 'a' AND tenant_id <> '' AND pg_temp.leak(tenant_id);
SELECT count(*) FROM triage.ticket_overview WHERE pg_temp.leak(tenant_id) AND tenant_id = 'b';
RESET ROLE;

-- functions: an agent of one tenant
SELECT triage.grant_access('regress_st_a', 'agent', '{a}');
SET ROLE regress_st_a;
SELECT DISTINCT tenant_id FROM (SELECT (triage.claim_ticket('ann', 10)).*) AS c ORDER BY 1;
SELECT tenant_id, ticket_key FROM triage.claim_escalations('desk', batch => 10) ORDER BY 1;
UPDATE triage.escalation SET priority = 1 WHERE tenant_id = 'b';
INSERT INTO triage.escalation (tenant_id, source_id, ticket_key, cause, reason, priority, created_at, due_at, rank) VALUES ('b', 1, '9', 'x', 'x', 1, now(), now(), now());
SELECT triage.complete_ticket('b', 1, '1', 'mine');
SELECT triage.release_ticket('b', 1, '1', 'mine');
SELECT triage.reopen_ticket('b', 1, '1', 'mine');
SELECT count(*) FROM triage.ticket_agents('b', 1, '3');
SELECT triage.complete_ticket('a', 1, '1', 'done');
SELECT triage.assign_tickets();
DELETE FROM triage.assignment;
UPDATE triage.decision SET tier = 'senior';
SELECT triage.detach('tickets');
RESET ROLE;
-- a ticket that they may read in its table, but whose tenant is not theirs
GRANT SELECT, UPDATE ON tickets TO regress_st_a;
SET ROLE regress_st_a;
SELECT triage.explain_decision('tickets', '1', 'b') -> 'decision' ->> 'tenant_id' AS tenant;
SELECT triage.handoff('tickets', '1', 'b') IS NOT NULL AS handed;
SELECT triage.decide_again('tickets', '1', 'b');
SELECT triage.escalate('tickets', '1', 'mine', 'mine', 50, 'b');
SELECT triage.decide_again('tickets', '1', 'a');
SELECT triage.explain_decision('tickets', '1', 'a') -> 'decision' ->> 'revision' AS revision;
RESET ROLE;
-- a lead of one tenant
SELECT triage.grant_access('regress_st_a', 'lead', '{a}');
SET ROLE regress_st_a;
SELECT triage.assign_tickets();
SELECT triage.release_agent('ann', 'goes home');
SELECT triage.enqueue_ticket('b', 1, '1', (SELECT name FROM triage.queue WHERE is_default), 50);
SELECT triage.withdraw_ticket('b', 1, '1');
-- replaying reads decisions as the caller
SELECT sum(decisions) FROM triage.replay_routing();
RESET ROLE;
SELECT sum(decisions) FROM triage.replay_routing();

-- leave nothing behind
SELECT count(triage.complete_ticket(tenant_id, source_id, ticket_key, 'over')) > 0 AS completed FROM triage.assignment;
DELETE FROM triage.agent;
SELECT triage.revoke_access(role) FROM triage.role_access;
SELECT triage.detach('tickets', true), triage.detach('later', true);
DELETE FROM triage.intent_history;
DROP OWNED BY regress_st_all, regress_st_a, regress_st_ab, regress_st_none, regress_st_member, regress_st_plain;
DROP SCHEMA governance_tenants CASCADE;
DROP ROLE regress_st_all, regress_st_a, regress_st_ab, regress_st_none, regress_st_member, regress_st_plain;
