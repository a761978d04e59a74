-- Who inserts needs no right on triage; who attaches needs one on the table
SET client_min_messages = warning;
CREATE SCHEMA pipeline_rights;
SET search_path = pipeline_rights;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

CREATE ROLE regress_st_clerk;
CREATE ROLE regress_st_owner;
CREATE ROLE regress_st_other;
GRANT USAGE, CREATE ON SCHEMA pipeline_rights TO regress_st_owner, regress_st_clerk, regress_st_other;
CREATE TABLE tickets (id int PRIMARY KEY, body text, note text);
SELECT triage.attach('tickets') ->> 'id' AS id;
INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'parcels', 'delivery_status', 'a parcel may be lost');

-- a clerk may insert and change, not even read
GRANT INSERT, DELETE, TRUNCATE ON tickets TO regress_st_clerk;
GRANT UPDATE ON tickets TO regress_st_clerk;
SET ROLE regress_st_clerk;
INSERT INTO tickets VALUES (1, 'I want a refund'), (2, 'where is my parcel');
UPDATE tickets SET body = 'the login fails';
UPDATE tickets SET id = 3, body = 'where is my parcel' RETURNING 1;
RESET ROLE;
GRANT SELECT (id) ON tickets TO regress_st_clerk;
SET ROLE regress_st_clerk;
UPDATE tickets SET id = 3 WHERE id = 1;
DELETE FROM tickets WHERE id = 2;
SELECT count(*) FROM triage.decision;
SELECT triage.explain_decision('tickets', '3');
RESET ROLE;
SELECT ticket_key, intent, revision FROM triage.decision;
SET ROLE regress_st_clerk;
TRUNCATE tickets;
RESET ROLE;
SELECT count(*) FROM triage.decision;

-- names of the clerk's own, ahead on the search_path, are not used as the owner
\c -
SET client_min_messages = warning;
SET search_path = pipeline_rights;
SET ROLE regress_st_clerk;
CREATE FUNCTION trap(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; RETURN true; END$$;
CREATE OPERATOR pipeline_rights.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap);
CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'trapped as %', current_user; END$$;
SET search_path = pipeline_rights, pg_catalog;
INSERT INTO tickets VALUES (1, 'I want a refund'), (2, 'where is my parcel');
UPDATE tickets SET body = 'the login fails', id = id + 10;
DELETE FROM tickets;
RESET search_path;
RESET ROLE;
SET search_path = pipeline_rights;
DROP OPERATOR pipeline_rights.= (text, text);
DROP FUNCTION trap, unnest(text[]);

-- attaching: EXECUTE on the function and TRIGGER on the table
SET ROLE regress_st_owner;
CREATE TABLE mine (id int PRIMARY KEY, body text);
SELECT triage.attach('mine');
RESET ROLE;
GRANT USAGE ON SCHEMA triage TO regress_st_owner, regress_st_other;
GRANT EXECUTE ON FUNCTION triage.attach, triage.detach TO regress_st_owner, regress_st_other;
GRANT EXECUTE ON PROCEDURE triage.backfill TO regress_st_owner, regress_st_other;
GRANT EXECUTE ON FUNCTION triage.explain_decision, triage.escalate, triage.decide_again TO regress_st_other;
SET ROLE regress_st_other;
SELECT triage.attach('mine');
SET ROLE regress_st_owner;
SELECT triage.attach('mine') ->> 'id' AS id;
INSERT INTO mine VALUES (1, 'I want a refund');
CALL triage.backfill('mine');
SELECT * FROM triage.decision;
CREATE TRIGGER forged AFTER INSERT ON mine EXECUTE FUNCTION triage.ticket_inserted('1');
SET ROLE regress_st_other;
CALL triage.backfill('mine');
SELECT triage.detach('mine');
SELECT triage.explain_decision('mine', '1');
SELECT triage.escalate('mine', '1', 'not mine');
SELECT triage.decide_again('mine', '1');
RESET ROLE;

-- rows that a policy hides are not explained
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON mine TO regress_st_other;
SET ROLE regress_st_other;
SELECT triage.explain_decision('mine', '1');
RESET ROLE;
SELECT a.attname, r.rolname FROM triage.source s, pg_attribute a, pg_roles r
WHERE a.attrelid = 'triage.source'::regclass AND a.attname = 'attached_by' AND r.rolname = s.attached_by AND s.tickets = 'mine'::regclass;

-- leave nothing behind
SELECT triage.detach('tickets', true);
SELECT triage.detach('mine', true);
DROP SCHEMA pipeline_rights CASCADE;
DROP OWNED BY regress_st_owner, regress_st_clerk, regress_st_other;
DROP ROLE regress_st_owner, regress_st_clerk, regress_st_other;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SELECT count(*) FROM triage.decision;
