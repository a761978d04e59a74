-- The language of tickets: detected, routed by, and with the requester's earlier tickets as a prior
SET client_min_messages = warning;
CREATE SCHEMA pipeline_language;
SET search_path = pipeline_language;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('account_access', 'I forgot my password'), ('delivery_status', 'where is my parcel')) AS r(label, request)
$$);
CREATE TABLE tickets (id int PRIMARY KEY, body text, customer text);
SELECT triage.attach('tickets') ->> 'id' AS id;
INSERT INTO triage.queue (name) VALUES ('german');
INSERT INTO triage.routing_rule (position, name, language, queue) VALUES (1, 'de', 'de', 'german');
CREATE VIEW seen AS
SELECT d.ticket_key::int AS id, o.language, d.language_confidence > 0.6 AS sure, d.script, d.mixed_language AS mixed, o.queue
FROM triage.decision d JOIN triage.ticket_overview o USING (ticket_key);

INSERT INTO tickets VALUES
    (1, 'Guten Tag, ich warte seit zwei Wochen auf mein Paket und niemand antwortet mir.', 'ann'),
    (2, 'Hello, I have been waiting for my parcel for two weeks and nobody answers me.', 'bob'),
    (3, '', 'cid'),
    (4, 'Wann kommt mein Paket? Ich warte schon sehr lange darauf.

When will my parcel arrive? I have been waiting for a very long time.', 'dan'),
    (5, 'ERR_4711 0x80070057 {"code": 17}', 'eve');
SELECT * FROM seen ORDER BY id;

-- "where is the parcel" is the same in Danish and Norwegian: who wrote Norwegian before writes Norwegian now
INSERT INTO tickets VALUES
    (10, 'Jeg har ikke fått pakken min ennå, og sporingen virker ikke lenger.', 'nora'),
    (11, 'Jeg har ventet i to uker nå, og ingen av dere svarer på e-postene mine.', 'nora'),
    (20, 'Jeg har stadig ikke modtaget min pakke, og sporingen virker ikke længere.', 'dorte'),
    (21, 'Nu har jeg ventet i to uger, og ingen af jer svarer på mine e-mails.', 'dorte');
INSERT INTO tickets VALUES (12, 'Hvor er pakken?', 'nora'), (22, 'Hvor er pakken?', 'dorte');
SELECT id, language FROM seen WHERE id >= 10 ORDER BY id;
-- long text in another language than before is in that language
INSERT INTO tickets VALUES (13, 'Please answer me in English from now on, my colleague will take over this order.', 'nora');
SELECT id, language, sure FROM seen WHERE id = 13;
-- a word of nothing stays unknown, whatever was before
INSERT INTO tickets VALUES (14, '#4711', 'nora');
SELECT id, language FROM seen WHERE id = 14;

-- candidates narrowed
SET support_triage.languages = 'da, sv';
INSERT INTO tickets VALUES (15, 'Hvor er pakken?', 'nora');
SELECT id, language FROM seen WHERE id = 15;
RESET support_triage.languages;

SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_language CASCADE;
