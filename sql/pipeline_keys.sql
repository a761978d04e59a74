-- Keys of all types, and tenants
SET client_min_messages = warning;
CREATE SCHEMA pipeline_keys;
SET search_path = pipeline_keys;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

CREATE TYPE colour AS ENUM ('red', 'green');
CREATE DOMAIN ticket_no AS bigint CHECK (VALUE > 0);
CREATE TABLE t_bigint (id bigint PRIMARY KEY, body text);
CREATE TABLE t_smallint (id smallint PRIMARY KEY, body text);
CREATE TABLE t_numeric (id numeric PRIMARY KEY, body text);
CREATE TABLE t_uuid (id uuid PRIMARY KEY, body text);
CREATE TABLE t_text (id text PRIMARY KEY, body text);
CREATE TABLE t_char (id char(8) PRIMARY KEY, body text);
CREATE TABLE t_enum (id colour PRIMARY KEY, body text);
CREATE TABLE t_domain (id ticket_no PRIMARY KEY, body text);
SELECT t, triage.attach(t::regclass) ->> 'id' AS id
FROM unnest(ARRAY['t_bigint', 't_smallint', 't_numeric', 't_uuid', 't_text', 't_char', 't_enum', 't_domain']) AS t;

INSERT INTO t_bigint VALUES (-9223372036854775808, 'I want a refund'), (9223372036854775807, 'where is my parcel');
INSERT INTO t_smallint VALUES (-1, 'I want a refund');
INSERT INTO t_numeric VALUES (1.50, 'I want a refund'), (10000000000000000000000, 'where is my parcel');
INSERT INTO t_uuid VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'I want a refund');
INSERT INTO t_text VALUES ('', 'I want a refund'), ('Ärger № 1', 'where is my parcel'), ('a''b"c\d', 'the login fails');
INSERT INTO t_char VALUES ('ab', 'I want a refund');
INSERT INTO t_enum VALUES ('red', 'I want a refund');
INSERT INTO t_domain VALUES (5, 'I want a refund');
SELECT tickets, ticket_key, intent FROM triage.ticket_overview ORDER BY tickets, ticket_key COLLATE "C";

-- each of them is found by its key
SELECT o.tickets, o.ticket_key, triage.decide_again(o.tickets::regclass, o.ticket_key),
       triage.explain_decision(o.tickets::regclass, o.ticket_key) -> 'decision' ->> 'revision' AS revision
FROM triage.ticket_overview o ORDER BY o.tickets, o.ticket_key COLLATE "C";

-- keys that are too long for an index are not triaged; the ticket is kept
INSERT INTO t_text SELECT repeat('x', 2500), 'I want a refund';
SELECT count(*) FROM t_text;
DELETE FROM t_text WHERE length(id) > 100;

-- tenants: the key need be unique only within one
CREATE TABLE by_tenant (tenant text, id int NOT NULL, body text, UNIQUE (tenant, id));
SELECT triage.attach('by_tenant') ->> 'tenant' AS tenant;
INSERT INTO by_tenant VALUES ('a', 1, 'I want a refund'), ('b', 1, 'where is my parcel'), (NULL, 1, 'the login fails');
SELECT tenant_id, ticket_key, intent FROM triage.ticket_overview WHERE tickets = 'by_tenant' ORDER BY tenant_id;
SELECT triage.decide_again('by_tenant', '1');
SELECT triage.decide_again('by_tenant', '1', 'b'), triage.decide_again('by_tenant', '1', '');
SELECT triage.escalate('by_tenant', '1', 'angry', tenant => 'b') > 0 AS escalated;
UPDATE by_tenant SET tenant = 'c' WHERE tenant = 'b';
SELECT tenant_id, intent, revision FROM triage.ticket_overview WHERE tickets = 'by_tenant' ORDER BY tenant_id;
SELECT tenant_id, ticket_key, reason FROM triage.escalation;
DELETE FROM by_tenant WHERE tenant IS NULL;
SELECT tenant_id, intent FROM triage.ticket_overview WHERE tickets = 'by_tenant' ORDER BY tenant_id;

-- a backfill passes keys that several tenants have
DELETE FROM triage.decision;
INSERT INTO by_tenant SELECT t, 1, 'I want a refund' FROM unnest('{d,e,f,g}'::text[]) AS t;
DELETE FROM triage.decision;
CALL triage.backfill('by_tenant', 2);

-- leave nothing behind
SELECT triage.detach('t_bigint', true);
SELECT triage.detach('t_smallint', true);
SELECT triage.detach('t_numeric', true);
SELECT triage.detach('t_uuid', true);
SELECT triage.detach('t_text', true);
SELECT triage.detach('t_char', true);
SELECT triage.detach('t_enum', true);
SELECT triage.detach('t_domain', true);
SELECT triage.detach('by_tenant', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_keys CASCADE;
SELECT count(*) FROM triage.decision;
