-- Attaching tables: guessed and named columns, attaching again, detaching
SET client_min_messages = warning;
CREATE SCHEMA pipeline_attach;
SET search_path = pipeline_attach;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);

-- guessed, whatever their case
CREATE TABLE guessed (ticket_id int PRIMARY KEY, "Title" text, description text, requester_id int, via text,
                      locale text, severity int, state text, assignee text, opened_at date, tenant_id int);
SELECT triage.attach('guessed');

-- the primary key when no name is usual
CREATE TABLE by_key (serial_no int PRIMARY KEY, content text);
SELECT triage.attach('by_key');

-- named, quoted, another schema; null for none
CREATE SCHEMA "Other ""Desk""";
CREATE TABLE "Other ""Desk"""."My Tickets" ("Key No" text PRIMARY KEY, "Complaint Text" text, channel text);
SELECT triage.attach('"Other ""Desk"""."My Tickets"', '{"id": "Key No", "body": "Complaint Text", "channel": null}');
INSERT INTO "Other ""Desk"""."My Tickets" VALUES ('A-1', 'I want a refund', 'mail'), ('it''s', 'where is my parcel', 'chat');
SELECT tickets, ticket_key, intent, channel FROM triage.ticket_overview ORDER BY ticket_key;
UPDATE "Other ""Desk"""."My Tickets" SET "Complaint Text" = 'I forgot my password' WHERE "Key No" = 'it''s';
SELECT ticket_key, intent, revision FROM triage.ticket_overview ORDER BY ticket_key;

-- the default queue is there
SELECT name, is_default FROM triage.queue;

-- attaching again configures anew and keeps what was decided
SELECT triage.attach('"Other ""Desk"""."My Tickets"', '{"id": "Key No", "body": "Complaint Text"}', '{"clean": false, "on_error": "raise", "mode": "immediate"}');
SELECT columns, options, attached_by = current_user AS by_me, detached_at FROM triage.source
WHERE tickets = '"Other ""Desk"""."My Tickets"'::regclass;
SELECT tgname, pg_get_triggerdef(oid) ~ 'ticket_\w+\(''\d+''\)' AS has_source FROM pg_trigger
WHERE tgrelid = '"Other ""Desk"""."My Tickets"'::regclass ORDER BY tgname;
INSERT INTO "Other ""Desk"""."My Tickets" VALUES ('B', 'I want a refund', 'mail');
SELECT ticket_key, channel FROM triage.ticket_overview ORDER BY ticket_key;

-- detached: no triggers, the decisions stay
SELECT triage.detach('"Other ""Desk"""."My Tickets"');
INSERT INTO "Other ""Desk"""."My Tickets" VALUES ('C', 'I want a refund', 'mail');
SELECT count(*) FROM triage.decision;
SELECT count(*) FROM pg_trigger WHERE tgrelid = '"Other ""Desk"""."My Tickets"'::regclass;
SELECT triage.detach('"Other ""Desk"""."My Tickets"');

-- attached again, it is the same source; what came meanwhile is found
SELECT triage.attach('"Other ""Desk"""."My Tickets"', '{"id": "Key No", "body": "Complaint Text"}') ->> 'id' AS id;
CALL triage.backfill('"Other ""Desk"""."My Tickets"');
SELECT count(DISTINCT source_id), count(*) FROM triage.decision;

-- two tables with the same keys do not meet
INSERT INTO by_key VALUES (1, 'I want a refund');
INSERT INTO guessed VALUES (1, 'parcel', 'where is my parcel', 7, 'mail', 'en', 2, 'open', 'Ann', '2024-02-29', 5);
SELECT tickets, ticket_key, intent, tenant_id, customer, channel, CASE WHEN tickets = 'guessed' THEN language END AS language, ticket_priority, status, assigned_agent, created_at::date
FROM triage.ticket_overview WHERE ticket_key = '1' ORDER BY tickets;

-- a purge removes one of them with everything
SELECT triage.detach('by_key', true);
SELECT tickets, count(*) FROM triage.ticket_overview GROUP BY tickets ORDER BY tickets;

-- leave nothing behind
SELECT triage.detach('guessed', true);
SELECT triage.detach('"Other ""Desk"""."My Tickets"', true);
DROP SCHEMA "Other ""Desk""" CASCADE;

DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_attach CASCADE;
SELECT count(*) FROM triage.decision;
