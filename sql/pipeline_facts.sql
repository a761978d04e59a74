-- What a ticket's text tells becomes facts of its decision
SET client_min_messages = warning;
CREATE SCHEMA pipeline_facts;
SET search_path = pipeline_facts;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id int PRIMARY KEY, subject text, body text, customer text, lang text);
SELECT triage.attach('tickets', '{"language": null}') ->> 'language' AS language;

INSERT INTO tickets VALUES
    (1, 'Refund', 'I want a refund. My address is ann@example.com and my card is 4111 1111 1111 1111. When will it come? Please also send a receipt.', 'ann', NULL),
    (2, NULL, 'Guten Tag, ich warte seit zwei Wochen auf mein Paket und niemand antwortet mir. Bitte kümmern Sie sich endlich darum.', 'bob', 'de-AT'),
    (3, NULL, 'URGENT: our whole site is down and we lose money every minute! I want to speak to a human being now.', 'cid', NULL),
    (4, NULL, 'My lawyer will sue you.', 'cid', NULL),
    (5, NULL, '', 'dan', NULL), (6, NULL, NULL, 'dan', NULL),
    (7, NULL, 'Thank you so much, this is wonderful, I am very happy with your great service!', 'eve', NULL);
CREATE VIEW facts AS SELECT ticket_key::int AS id, (triage.decision_facts(d)).* FROM triage.decision d;
SELECT id, sentiment BETWEEN -1 AND 1 AS sentiment, replace(sentiment_label, 'very_', '') AS label, sentiment_confidence BETWEEN 0 AND 1 AS sure, emotion IS NOT NULL AS emotion,
       emotion_confidence BETWEEN 0 AND 1 AS sure, irony BETWEEN 0 AND 1 AS irony FROM facts WHERE id IN (4, 5, 6, 7) ORDER BY id;
SELECT id, urgency > 0.5 AS urgent, wants_human, sensitive_topics, complexity BETWEEN 0 AND 1 AS complexity, pii_kinds, entities FROM facts ORDER BY id;
-- the view shows them, and the type, the table and its history have the same
SELECT ticket_key, replace(sentiment_label, 'very_', '') AS label, wants_human, sensitive_topics, pii_kinds, repeat_contact FROM triage.ticket_overview WHERE ticket_key = '4';
SELECT count(*) AS facts FROM pg_attribute WHERE attrelid = 'triage.facts'::regclass AND attnum > 0;
SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'triage.decision'::regclass AND a.attnum > 0
EXCEPT SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'triage.decision_history'::regclass;
SELECT a.attname, format_type(a.atttypid, -1) FROM pg_attribute a WHERE a.attrelid = 'triage.facts'::regclass AND a.attnum > 0
EXCEPT SELECT a.attname, format_type(a.atttypid, -1) FROM pg_attribute a WHERE a.attrelid = 'triage.decision'::regclass;

-- the column's word wins over what was detected
SELECT triage.attach('tickets') ->> 'language' AS language;
INSERT INTO triage.queue (name) VALUES ('german'), ('austrian');
INSERT INTO triage.routing_rule (position, name, language, queue) VALUES (1, 'at', 'de-AT', 'austrian'), (2, 'de', 'de', 'german');
UPDATE tickets SET lang = 'de-AT' || '' WHERE id = 2;
SELECT triage.decide_again('tickets', '2');
SELECT language, language_confidence, queue FROM triage.ticket_overview JOIN facts USING (ticket_key, language) WHERE id = 2;

-- explained: where each comes from, but never the value of personal data
SELECT p ->> 'kind' AS kind, substr('Refund' || chr(10) || t.body, (p ->> 'start')::int, (p ->> 'length')::int) AS is, p ? 'value' AS has_value
FROM tickets t, jsonb_array_elements(triage.explain_decision('tickets', '1') -> 'evidence' -> 'pii') AS p WHERE t.id = 1 ORDER BY p -> 'start';
SELECT DISTINCT p ->> 'kind' AS kind, bool_and(substr(t.body, (p ->> 'start')::int, (p ->> 'length')::int) = p ->> 'text') AS is_text
FROM tickets t, jsonb_array_elements(triage.explain_decision('tickets', t.id::text) -> 'evidence' -> 'phrases') AS p
WHERE t.id IN (3, 4) AND p ->> 'kind' ~ '^(human|outage|topic)' GROUP BY 1 ORDER BY 1;
SELECT e -> 'decision' -> 'facts' -> 'language' = e -> 'facts' -> 'language' AS as_stored,
       (SELECT count(*) FROM jsonb_object_keys(e -> 'facts')) = (SELECT count(*) FROM jsonb_object_keys(e -> 'decision' -> 'facts')) AS complete
FROM triage.explain_decision('tickets', '3') AS e;
SELECT triage.explain_decision('tickets', '5') ? 'evidence' AS evidence_of_nothing;

-- what is not wanted is not computed; what a text states is always read
SELECT triage.attach('tickets', options => '{"understand": false}') ->> 'id' AS id;
INSERT INTO tickets (id, body, customer) VALUES (11, 'I want to speak to a human being about ann@example.com. My lawyer will sue you.', 'ann');
SELECT language, script, sentiment, emotion, irony, signals_conflict, complexity, pii_kinds, repeat_contact, duplicate_of, wants_human, sensitive_topics FROM facts WHERE id = 11;
SELECT triage.attach('tickets', options => '{"understand": ["pii", "history"]}') ->> 'id' AS id;
INSERT INTO tickets (id, body, customer) VALUES (12, 'I want a refund to ann@example.com.', 'fay');
SELECT sentiment, pii_kinds, repeat_contact, wants_human FROM facts WHERE id = 12;
SELECT count(*) FROM triage.ticket_signature WHERE ticket_key IN ('11', '12');
SELECT triage.attach('tickets', options => '{"understand": []}') ->> 'id' AS id;
SELECT triage.attach('tickets', options => '{"understand": "all"}');
SELECT triage.attach('tickets', options => '{"understand": ["language", "tone"]}');
SELECT triage.attach('tickets', options => '{"understand": {"pii": true}}');

-- hostile text: never an error, always a decision
SELECT triage.attach('tickets') ->> 'id' AS id;
INSERT INTO tickets (id, body) VALUES (21, repeat('please help me ', 70000)), (22, repeat(chr(769), 3000)), (23, repeat('a', 100000)),
    (24, chr(8238) || 'drowssap ym' || chr(8236)), (25, repeat('👍🏽', 500)), (26, repeat('<div>', 5000)), (27, repeat('@', 5000)), (28, repeat('1234567890', 2000)),
    (29, chr(8203) || chr(65279)), (30, E'\r\n\t\u2003');
SELECT ticket_key, outcome <> 'failed' AS decided, wants_human FROM triage.decision WHERE ticket_key BETWEEN '21' AND '30' AND length(ticket_key) = 2 ORDER BY 1;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_facts CASCADE;
