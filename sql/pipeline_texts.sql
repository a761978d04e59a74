-- Texts of every kind are decided; none is an error
SET client_min_messages = warning;
CREATE SCHEMA pipeline_texts;
SET search_path = pipeline_texts;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, channel text, status text);

SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO tickets (id, subject, body) VALUES
    (1, NULL, NULL),
    (2, '', ''),
    (3, ' ', E' \t\r\n '),
    (4, 'I want a refund', NULL),
    (5, NULL, 'I want a refund'),
    (6, 'x', 'y'),
    (7, U&'\200B\200C\200D\FEFF', U&'\202E\2066\2069\202C'),
    (8, U&'\0301\0301\0301', U&'\20DD\FE0F'),
    (9, NULL, U&'I want\200B a re\00ADfund \202Eplease'),
    (10, NULL, E'I want a refund\n\n> where is my parcel\n> where is my parcel'),
    (11, NULL, E'> where is my parcel'),
    (12, repeat('a', 1000000), NULL),
    (13, NULL, repeat('parcel ', 150000)),
    (14, NULL, repeat(U&'\+01F600', 250000)),
    (15, repeat('subject ', 20000), repeat('body ', 20000)),
    (16, NULL, '<html><body><p>where is my <b>parcel</b>?</p></body></html>'),
    (17, NULL, E'\x01\x02\x7f \u0085 \u2028 \u2029');
SELECT ticket_key::int AS id, subject_length, body_length, truncated, outcome,
       CASE WHEN in_scope AND ticket_key::int IN (4, 5, 9, 10, 11, 13, 16) THEN intent END AS intent
FROM triage.decision ORDER BY 1;
SELECT ticket_key::int AS id, reasons FROM triage.decision WHERE intent IS NULL ORDER BY 1;

-- the same when they come out of line, compressed or not
ALTER TABLE tickets ALTER subject SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL;
CREATE TABLE before AS SELECT ticket_key, intent, intent_confidence, truncated, subject_length, body_length FROM triage.decision;
UPDATE tickets SET subject = subject || ' ', body = body || ' ';
UPDATE tickets SET subject = left(subject, -1), body = left(body, -1);
SELECT count(*) FROM before b JOIN triage.decision d USING (ticket_key)
WHERE (b.intent, b.intent_confidence, b.truncated, b.subject_length, b.body_length)
      IS NOT DISTINCT FROM (d.intent, d.intent_confidence, d.truncated, d.subject_length, d.body_length);

-- other columns may be long as well
INSERT INTO tickets (id, body, channel) VALUES (20, 'I want a refund', repeat('long', 100000));
SELECT length(channel), intent FROM triage.decision WHERE ticket_key = '20';

-- text that is no text: any type is read by its output function
CREATE TABLE typed (id int PRIMARY KEY, title json, body xml, customer_id point, channel boolean, status int[]);
ALTER TABLE typed ALTER body TYPE jsonb USING NULL;
SELECT triage.attach('typed') ->> 'body' AS body;
INSERT INTO typed VALUES (1, '{"a": "I want a refund"}', '{"b": "please"}', '(1,2)', true, '{1,2}');
UPDATE typed SET title = '{"a": "where is my parcel"}';
SELECT intent, customer, channel, status, subject_length FROM triage.ticket_overview WHERE tickets = 'typed';

-- times of every kind, and those that cannot be held
CREATE TABLE dated (id int PRIMARY KEY, body text, created_at date);
SELECT triage.attach('dated') ->> 'created_at' AS created_at;
INSERT INTO dated VALUES (1, 'I want a refund', '2024-02-29'), (2, 'I want a refund', 'infinity'), (3, 'I want a refund', '5874897-12-31'), (4, 'I want a refund', NULL);
SELECT ticket_key, created_at FROM triage.ticket_overview WHERE tickets = 'dated' ORDER BY ticket_key;

-- leave nothing behind
SELECT triage.detach('tickets', true);
SELECT triage.detach('typed', true);
SELECT triage.detach('dated', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_texts CASCADE;
SELECT count(*) FROM triage.decision;
