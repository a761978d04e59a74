-- Attempts to run code with rights that one does not have
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE SCHEMA governance_hostile;
SET search_path = governance_hostile;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'),
                 ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
CREATE ROLE regress_st_admin;
CREATE ROLE regress_st_agent;
CREATE ROLE regress_st_owner;
SELECT triage.grant_access('regress_st_admin', 'admin');
SELECT triage.grant_access('regress_st_agent', 'agent');
CREATE SCHEMA evil;
GRANT ALL ON SCHEMA evil, governance_hostile TO regress_st_admin, regress_st_agent, regress_st_owner;

-- what an attacker plants: each says as whom it ran
SET ROLE regress_st_admin;
CREATE FUNCTION evil.trap(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN true; END$$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.trap);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.trap);
CREATE FUNCTION evil.trap_int(integer, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN true; END$$;
CREATE OPERATOR evil.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = evil.trap_int);
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN 0; END$$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN 'epoch'; END$$;
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN 'SELECT 1'; END$$;
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; END$$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN $1; END$$;
CREATE FUNCTION evil.to_regprocedure(text) RETURNS regprocedure LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN NULL; END$$;
CREATE FUNCTION evil.array_position(text[], text) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN NULL; END$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA evil TO PUBLIC;
RESET ROLE;

-- the owner at work with the attacker's schema first on the search_path
CREATE TABLE tickets (id int PRIMARY KEY, subject text, body text, customer_id text, status text);
SET search_path = evil, pg_catalog, governance_hostile;
SELECT triage.attach('governance_hostile.tickets', options => '{"mode": "deferred"}') ->> 'id' AS id;
INSERT INTO triage.routing_rule (position, name, condition, escalate_reason) VALUES (1, 'refunds', 'intent = ''refund_request'' AND lower(channel) IS NULL', 'money');
INSERT INTO tickets VALUES (1, 'Refund', 'I want a refund', 'ada'), (2, NULL, 'where is my parcel', 'ada');
SELECT triage.decide_backlog(10);
SELECT triage.attach('governance_hostile.tickets') ->> 'id' AS id;
INSERT INTO tickets VALUES (3, 'Refund', 'I want a refund', 'ada'), (4, NULL, 'where is my parcel', 'ada');
UPDATE tickets SET body = 'I forgot my password', id = 30 WHERE id OPERATOR(pg_catalog.=) 3;
SELECT triage.decide_again('governance_hostile.tickets', '1');
SELECT triage.explain_decision('governance_hostile.tickets', '1') ->> 'decision' IS NOT NULL AS explained;
SELECT triage.escalate('governance_hostile.tickets', '2', 'late', 'late') IS NOT NULL AS escalated;
CALL triage.backfill('governance_hostile.tickets');
DELETE FROM tickets WHERE id OPERATOR(pg_catalog.=) 2;
SELECT triage.grant_access('regress_st_agent', 'agent', '{a}');
SELECT triage.revoke_access('regress_st_agent');
SELECT triage.grant_access('regress_st_agent', 'agent');
SELECT triage.refresh_access();
INSERT INTO triage.agent (name) VALUES ('ann');
SELECT triage.set_presence('ann', 'available');
SELECT pg_catalog.count(*) FROM triage.claim_ticket('ann', 5);
SELECT triage.assign_tickets();
UPDATE tickets SET status = 'pending' WHERE id OPERATOR(pg_catalog.=) 4;
UPDATE tickets SET status = 'open' WHERE id OPERATOR(pg_catalog.=) 4;
UPDATE tickets SET status = 'solved' WHERE id OPERATOR(pg_catalog.=) 4;
UPDATE tickets SET status = 'pending' WHERE id OPERATOR(pg_catalog.=) 4;
SELECT reopened, paused_since IS NOT NULL AS paused FROM triage.ticket_handling;
SELECT triage.check_waiting() IS NOT NULL AS checked;
SELECT triage.prune_signatures();
SELECT triage.learn_intent_history();
CALL triage.tick();
SELECT pg_catalog.count(*) >= 0 AS read FROM triage.ticket_overview, triage.queue_load, triage.backlog_status;
SET search_path = governance_hostile;

-- a function in public that shadows one of pg_catalog: resolved names keep pg_catalog's
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN $1; END$$;
SET search_path = public, governance_hostile, pg_catalog;
INSERT INTO triage.routing_rule (position, name, condition) VALUES (2, 'shadow', 'lower(customer) = ''ada''');
INSERT INTO tickets VALUES (5, NULL, 'I forgot my password', 'ada');
SET search_path = governance_hostile;
DROP FUNCTION public.lower(text);

-- an administrator's conditions, patterns and names: no functions of one's own, no tables
SET ROLE regress_st_admin;
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'own function', 'evil.trap(intent, intent)');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'own operator', 'intent OPERATOR(evil.=) intent');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'subquery', 'EXISTS (SELECT FROM pg_authid)');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'reads', 'query_to_xml(''SELECT 1'', true, true, '''') IS NOT NULL');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'writes', 'set_config(''role'', ''postgres'', false) IS NOT NULL');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'file', 'pg_read_file(''/etc/passwd'') IS NOT NULL');
INSERT INTO triage.routing_rule (position, name, condition) VALUES (9, 'more', 'true); DROP TABLE tickets; --');
INSERT INTO triage.pii_kind (name, pattern) VALUES ('EVIL', '(?<n>a)(?{evil.trap})');
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('evil', 'pg_authid', 'rolname');
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('evil', 'governance_hostile.tickets', 'body');
INSERT INTO triage.entity_kind (name, relation, key_column) VALUES ('evil', 'triage.queue', 'name" FROM pg_authid; --');
UPDATE triage.task SET function = 'evil.now()';
INSERT INTO triage.task (name, function, run_every) VALUES ('evil', 'evil.now()', '1 second');
-- a query handed to train or evaluate runs as who hands it
SELECT * FROM triage.train('stolen', 'SELECT rolname::text, rolpassword FROM pg_authid');
SELECT * FROM triage.train('stolen', 'SELECT body, subject FROM governance_hostile.tickets');
SELECT * FROM triage.train('stolen', 'SELECT 1; DROP TABLE governance_hostile.tickets');
SELECT * FROM triage.train('stolen', 'UPDATE triage.queue SET name = name RETURNING name, name');
SELECT accuracy FROM triage.evaluate('intent', 'SELECT current_user::text, rolpassword FROM pg_authid');
SELECT * FROM triage.record_held_out('intent', 'SELECT rolname::text, rolpassword FROM pg_authid');
-- attaching another's table, and forging its trigger
SELECT triage.attach('tickets');
SELECT triage.detach('tickets');
CREATE TABLE mine (id int PRIMARY KEY, body text);
CREATE TRIGGER forged AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION triage.ticket_inserted('1');
RESET ROLE;

-- names that would end a statement, if they were pasted
CREATE TABLE "t""; DROP TABLE tickets; --" ("k""; DROP TABLE tickets; --" int PRIMARY KEY, "b'); DROP TABLE tickets; --" text, "t'""\" text);
SELECT triage.attach('"t""; DROP TABLE tickets; --"', jsonb_build_object('id', 'k"; DROP TABLE tickets; --', 'body', 'b''); DROP TABLE tickets; --', 'tenant', 't''"\'));
INSERT INTO "t""; DROP TABLE tickets; --" VALUES (1, 'I want a refund', 'x''); DROP TABLE tickets; --');
UPDATE "t""; DROP TABLE tickets; --" SET "k""; DROP TABLE tickets; --" = 2, "b'); DROP TABLE tickets; --" = 'where is my parcel';
SELECT triage.decide_again('"t""; DROP TABLE tickets; --"', '2');
SELECT triage.explain_decision('"t""; DROP TABLE tickets; --"', '2') -> 'decision' ->> 'revision' AS revision;
CALL triage.backfill('"t""; DROP TABLE tickets; --"');
SELECT triage.attach('"t""; DROP TABLE tickets; --"', jsonb_build_object('id', 'k"; DROP TABLE tickets; --', 'body', 'b''); DROP TABLE tickets; --'), '{"mode": "deferred"}') ->> 'id' AS id;
INSERT INTO "t""; DROP TABLE tickets; --" VALUES (3, 'I want a refund', 'x');
SELECT triage.decide_backlog(10);
SELECT triage.detach('"t""; DROP TABLE tickets; --"', true);
SELECT count(*) > 0 AS still_there FROM tickets;

-- code on an attached table of another role, when the owner of triage or a superuser reads it:
-- an index expression, a policy, a trigger, a default of a view's are run as the table's owner or not at all
SET ROLE regress_st_owner;
CREATE FUNCTION evil.mark(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'index as %', current_user; RETURN $1; END$$;
CREATE FUNCTION evil.policy() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'policy as %', current_user; RETURN true; END$$;
CREATE TABLE theirs (id int PRIMARY KEY, body text);
CREATE INDEX ON theirs (evil.mark(body));
ALTER TABLE theirs ENABLE ROW LEVEL SECURITY;
ALTER TABLE theirs FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON theirs USING (evil.policy());
RESET ROLE;
SELECT triage.attach('theirs', options => '{"mode": "deferred"}') ->> 'id' AS id;
SET ROLE regress_st_owner;
INSERT INTO theirs VALUES (1, 'I want a refund');
RESET ROLE;
SELECT triage.decide_backlog(10);
SELECT count(*) FROM triage.decision d JOIN triage.source s USING (source_id) WHERE s.tickets = 'theirs'::regclass;
SELECT triage.detach('theirs', true);

-- an agent cannot use the owner's functions to run their own code
SET ROLE regress_st_agent;
SET search_path = evil, pg_catalog;
SELECT triage.set_presence('ann', 'away');
SELECT pg_catalog.count(*) FROM triage.claim_ticket('ann', 5);
SELECT triage.complete_ticket('', 1, '1'');DROP TABLE tickets;--', 'x');
RESET ROLE;
SET search_path = governance_hostile;

-- leave nothing behind
SELECT count(*) FROM triage.routing_rule WHERE position = 9;
SELECT triage.revoke_access(role) FROM triage.role_access;
SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DROP SCHEMA governance_hostile, evil CASCADE;
DROP ROLE regress_st_admin, regress_st_agent, regress_st_owner;
