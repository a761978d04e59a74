-- Partitioned tables: through the root, straight into a partition, moving between them
SET client_min_messages = warning;
CREATE SCHEMA pipeline_partitions;
SET search_path = pipeline_partitions;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE VIEW decided AS
SELECT d.ticket_key, d.revision, d.intent, d.outcome FROM triage.decision d;

CREATE TABLE tickets (id int, region text, body text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE tickets_eu PARTITION OF tickets FOR VALUES IN ('eu');
-- columns in another order, and one that was dropped
CREATE TABLE tickets_us (gone int, body text, region text NOT NULL, id int NOT NULL);
ALTER TABLE tickets_us DROP COLUMN gone;
ALTER TABLE tickets ATTACH PARTITION tickets_us FOR VALUES IN ('us');
SELECT triage.attach('tickets') ->> 'id' AS id;

INSERT INTO tickets VALUES (1, 'eu', 'I want a refund'), (2, 'us', 'where is my parcel');
INSERT INTO tickets_us (id, region, body) VALUES (3, 'us', 'the login fails');
COPY tickets FROM stdin;
4	eu	where is my parcel
5	us	I want a refund
\.
SELECT * FROM decided ORDER BY ticket_key;

-- a partition made later has the triggers too
CREATE TABLE tickets_asia PARTITION OF tickets DEFAULT;
INSERT INTO tickets VALUES (6, 'jp', 'I want a refund');
UPDATE tickets SET body = 'the login fails' WHERE id = 5;
SELECT * FROM decided WHERE ticket_key IN ('5', '6') ORDER BY ticket_key;

-- a row that moves keeps its history
UPDATE tickets SET region = 'eu' WHERE id = 5;
SELECT * FROM decided WHERE ticket_key = '5';
SELECT revision, intent, replaced_why FROM triage.decision_history WHERE ticket_key = '5' ORDER BY revision;

DELETE FROM tickets WHERE id IN (1, 6);
DELETE FROM tickets_us WHERE id = 3;
SELECT * FROM decided ORDER BY ticket_key;
ALTER TABLE tickets DISABLE TRIGGER USER;
INSERT INTO tickets SELECT g, CASE g % 3 WHEN 0 THEN 'eu' WHEN 1 THEN 'us' ELSE 'jp' END, 'I want a refund' FROM generate_series(11, 30) AS g;
ALTER TABLE tickets ENABLE TRIGGER USER;
CALL triage.backfill('tickets', 7);
SELECT count(*) FROM decided;
TRUNCATE tickets;
SELECT count(*) FROM decided;

-- a partition by itself
SELECT triage.detach('tickets', true);
SELECT triage.attach('tickets_eu') ->> 'id' AS id;
INSERT INTO tickets VALUES (1, 'eu', 'I want a refund'), (2, 'us', 'where is my parcel');
INSERT INTO tickets_eu VALUES (3, 'eu', 'where is my parcel');
SELECT * FROM decided ORDER BY ticket_key;

-- leave nothing behind
SELECT triage.detach('tickets_eu', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_partitions CASCADE;
SELECT count(*) FROM triage.decision;
