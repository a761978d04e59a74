-- Tickets that change, go, and come by every kind of statement
SET client_min_messages = warning;
CREATE SCHEMA pipeline_changes;
SET search_path = pipeline_changes;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, channel text, status text);
CREATE VIEW decided AS
SELECT d.ticket_key, d.revision, d.intent, d.outcome FROM triage.decision d;

SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO tickets VALUES (1, NULL, 'I want a refund', 'mail', 'new'), (2, NULL, 'where is my parcel', 'mail', 'new'),
                           (3, NULL, 'the login fails', 'mail', 'new');

-- what is neither text nor tested by rules decides nothing again
UPDATE tickets SET status = 'open';
UPDATE tickets SET body = body;
SELECT * FROM decided ORDER BY ticket_key;
UPDATE tickets SET body = 'where is my parcel' WHERE id = 1;
UPDATE tickets SET channel = 'chat' WHERE id = 2;
SELECT * FROM decided ORDER BY ticket_key;
SELECT ticket_key, revision, intent, channel, replaced_why, replaced_at >= decided_at AS in_order FROM triage.decision_history ORDER BY ticket_key;

-- another key: what was derived goes with it
SELECT triage.escalate('tickets', '1', 'angry') > 0 AS escalated;
UPDATE tickets SET id = 101 WHERE id = 1;
SELECT * FROM decided ORDER BY ticket_key;
SELECT ticket_key, revision, intent FROM triage.decision_history ORDER BY ticket_key, revision;
SELECT ticket_key FROM triage.escalation;

-- keys that move over each other: every ticket has its decision
ALTER TABLE tickets DROP CONSTRAINT tickets_pkey, ADD CONSTRAINT tickets_pkey PRIMARY KEY (id) DEFERRABLE;
UPDATE tickets SET id = id + 1;
SELECT t.id, d.intent FROM tickets t LEFT JOIN decided d ON d.ticket_key = t.id::text ORDER BY t.id;
SELECT count(*) FROM decided;
UPDATE tickets SET id = CASE id WHEN 3 THEN 4 WHEN 4 THEN 3 ELSE id END;
SELECT t.id, t.body, d.intent FROM tickets t LEFT JOIN decided d ON d.ticket_key = t.id::text ORDER BY t.id;
ALTER TABLE tickets DROP CONSTRAINT tickets_pkey, ADD CONSTRAINT tickets_pkey PRIMARY KEY (id);

-- gone
DELETE FROM tickets WHERE id = 102;
SELECT (SELECT count(*) FROM decided), (SELECT count(*) FROM triage.decision_history WHERE ticket_key = '102') AS history,
       (SELECT count(*) FROM triage.escalation) AS escalations;
TRUNCATE tickets;
SELECT (SELECT count(*) FROM decided), (SELECT count(*) FROM triage.decision_history) AS history;

-- every kind of statement
COPY tickets (id, subject, body) FROM stdin;
1	refund	I want a refund
2	\N	where is my parcel
\.
INSERT INTO tickets (id, body) SELECT g, 'I want a refund' FROM generate_series(3, 4) AS g;
INSERT INTO tickets (id, body) VALUES (4, 'the login fails'), (5, 'the login fails')
    ON CONFLICT (id) DO UPDATE SET body = excluded.body;
INSERT INTO tickets (id, body) VALUES (5, 'ignored') ON CONFLICT DO NOTHING;
SELECT * FROM decided ORDER BY ticket_key;
MERGE INTO tickets t USING (VALUES (1, 'where is my parcel'), (2, NULL), (6, 'I forgot my password')) AS s (id, body) ON t.id = s.id
    WHEN MATCHED AND s.body IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET body = s.body, subject = NULL
    WHEN NOT MATCHED THEN INSERT (id, body) VALUES (s.id, s.body);
SELECT * FROM decided ORDER BY ticket_key;
WITH gone AS (DELETE FROM tickets WHERE id = 6 RETURNING *) INSERT INTO tickets SELECT id + 1, subject, body FROM gone;
INSERT INTO tickets (id, body) SELECT 8, 'x' WHERE false;
SELECT * FROM decided ORDER BY ticket_key;

-- what is rolled back was never decided
BEGIN;
INSERT INTO tickets (id, body) VALUES (9, 'I want a refund');
SAVEPOINT s;
UPDATE tickets SET body = 'the login fails' WHERE id = 9;
ROLLBACK TO s;
SELECT * FROM decided WHERE ticket_key = '9';
ROLLBACK;
SELECT * FROM decided WHERE ticket_key = '9';

-- twice in one transaction
BEGIN;
INSERT INTO tickets (id, body) VALUES (9, 'I want a refund');
DELETE FROM tickets WHERE id = 9;
INSERT INTO tickets (id, body) VALUES (9, 'the login fails');
UPDATE tickets SET body = 'where is my parcel' WHERE id = 9;
COMMIT;
SELECT * FROM decided WHERE ticket_key = '9';

-- a key that came back while triggers were off: the old decision is replaced and kept
ALTER TABLE tickets DISABLE TRIGGER USER;
DELETE FROM tickets WHERE id = 9;
ALTER TABLE tickets ENABLE TRIGGER USER;
INSERT INTO tickets (id, body) VALUES (9, 'I want a refund'), (10, 'I want a refund');
SELECT * FROM decided WHERE ticket_key IN ('9', '10') ORDER BY ticket_key;
SELECT revision, intent, replaced_why FROM triage.decision_history WHERE ticket_key = '9' ORDER BY revision;

-- many at once, with transition tables on disk
SET work_mem = '64kB';
INSERT INTO tickets (id, body) SELECT g, 'I want a refund ' || repeat('please ', 30) FROM generate_series(1001, 6000) AS g;
SELECT count(*), count(DISTINCT ticket_key) FROM decided;
UPDATE tickets SET body = 'where is my parcel ' || repeat('please ', 30) WHERE id > 1000 AND id % 5 = 0;
SELECT intent, revision, count(*) FROM decided WHERE length(ticket_key) = 4 GROUP BY intent, revision ORDER BY revision;
DELETE FROM tickets WHERE id > 1000 AND id % 2 = 0;
SELECT intent, revision, count(*) FROM decided WHERE length(ticket_key) = 4 GROUP BY intent, revision ORDER BY revision;
SELECT count(*) FROM triage.decision_history WHERE length(ticket_key) = 4;
DELETE FROM tickets;
SELECT count(*) FROM decided;
RESET work_mem;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_changes CASCADE;
SELECT count(*) FROM triage.decision;
