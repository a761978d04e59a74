-- What no rule may overrule: asking for a person, sensitive topics, conflicting signals, strong emotion
SET client_min_messages = warning;
CREATE SCHEMA routing_caution;
SET search_path = routing_caution;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:', 'I love it, great, wonderful, thank you!']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
-- words of our own, so that what is found is not left to the lexicon that ships
INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES
    ('', 'zzperson', 'human', 1), ('', 'zzcourt', 'topic.legal_threat', 1), ('', 'zzharm', 'topic.self_harm', 1),
    ('', 'zzdata', 'topic.data_protection', 1), ('', 'zzunion', 'topic.works_council', 1), ('', 'zznow', 'outage', 1);
CREATE TABLE tickets (id int PRIMARY KEY, body text, requester text, created_at timestamptz);
SELECT triage.attach('tickets') ->> 'customer' AS customer;
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, tier, priority, escalate_reason) VALUES
    (10, 'refunds', 'refund_request', 0.5, 'self_service', 20, NULL), (20, 'parcels', 'delivery_status', 0.5, 'senior', 70, 'lost?');
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund_request', 0.1);
SELECT count(triage.record_evidence(m.name, m.version, p.intent, 0.5, true)) AS seen
FROM triage.model m, triage.automation_policy p, generate_series(1, 60) WHERE m.name = 'intent';
SELECT triage.solve_automation() AS solved;
CREATE VIEW decided AS
SELECT ticket_key::int AS id, outcome, tier, priority, regexp_replace(why, '(confidence|sentiment|urgency) [01]\.\d\d', '\1 P', 'g') AS why
FROM triage.ticket_overview;
CREATE VIEW escalated AS SELECT ticket_key::int AS id, cause, reason, priority FROM triage.escalation;

SELECT topic, min_tier, min_priority, escalates, may_automate, changed_at IS NULL AS as_shipped FROM triage.sensitive_policy ORDER BY min_priority DESC, topic;
SELECT repeat_window, duplicate_window, duplicate_similarity, duplicate_words, irony_conflict, positive_conflict, urgency_conflict, strong_emotion, human_escalates FROM triage.signal_policy;

-- who asks for a person gets one, and so does who writes of what people must see
INSERT INTO tickets (id, body) VALUES (1, 'I want a refund'), (2, 'I want a refund, zzperson'), (3, 'I want a refund, zzcourt'),
    (4, 'I want a refund, zzharm zzcourt'), (5, 'I want a refund, zzunion'), (6, 'I want a refund, zzdata'),
    (7, 'where is my parcel, zzcourt'), (8, 'qqqq wwww zzperson'), (9, 'zzcourt zzharm zzperson I want a refund');
SELECT * FROM decided ORDER BY id;
SELECT * FROM escalated ORDER BY id, cause;
SELECT ticket_key, wants_human, sensitive_topics, signals_conflict FROM triage.decision ORDER BY ticket_key;
SELECT id, triage.explain_decision('tickets', id::text) -> 'automation' ->> 'why_not' AS why_not FROM tickets WHERE id IN (1, 2, 4) ORDER BY id;

-- what a topic demands may be changed, but for automation
UPDATE triage.sensitive_policy SET min_tier = 'priority', min_priority = 95, escalates = false WHERE topic = 'legal_threat';
UPDATE triage.signal_policy SET human_escalates = false;
INSERT INTO triage.sensitive_policy (topic, min_tier, escalates) VALUES ('works_council', 'senior', false);
SELECT topic, changed_by = session_user AS changed_by_me FROM triage.sensitive_policy WHERE changed_at IS NOT NULL ORDER BY topic;
INSERT INTO tickets (id, body) VALUES (11, 'I want a refund, zzcourt'), (12, 'I want a refund, zzunion'), (13, 'I want a refund, zzperson');
SELECT * FROM decided WHERE id > 10 ORDER BY id;
SELECT * FROM escalated WHERE id > 10;
\set VERBOSITY terse
UPDATE triage.sensitive_policy SET may_automate = true;
UPDATE triage.sensitive_policy SET min_tier = 'self_service' WHERE topic = 'press';
INSERT INTO triage.signal_policy (repeat_window) VALUES ('1 day');
UPDATE triage.signal_policy SET duplicate_similarity = 0.2;
UPDATE triage.signal_policy SET repeat_window = '-1 day';

-- automation of such a ticket cannot be written by hand either
UPDATE triage.decision SET outcome = 'auto' WHERE ticket_key = '2';
UPDATE triage.decision SET outcome = 'auto' WHERE ticket_key = '4';
UPDATE triage.decision SET outcome = 'auto', signals_conflict = true WHERE ticket_key = '1';
\set VERBOSITY default

-- conflict: irony, or kind words where there is no cause for them
INSERT INTO tickets VALUES (21, 'I want a refund', 'ann', '2024-05-01 10:00+00'),
    (22, 'I love it, great, wonderful, thank you! I want a refund', 'ann', '2024-05-02 10:00+00'),
    (23, 'I love it, great, wonderful, thank you! I want a refund', 'bob', '2024-05-02 10:00+00'),
    (24, 'I love it, great, wonderful, thank you! I want a refund zznow', 'cid', '2024-05-02 10:00+00');
SELECT ticket_key, sentiment >= 0.3 AS positive, repeat_contact, urgency >= 0.8 AS urgent, signals_conflict FROM triage.decision WHERE ticket_key BETWEEN '21' AND '24' ORDER BY ticket_key;
SELECT * FROM decided WHERE id BETWEEN 21 AND 24 ORDER BY id;
UPDATE triage.signal_policy SET irony_conflict = 0;
INSERT INTO tickets (id, body) VALUES (25, 'I want a refund');
SELECT regexp_replace(why, '[01]\.\d\d', 'P', 'g') AS why, outcome FROM decided WHERE id = 25;
UPDATE triage.signal_policy SET irony_conflict = 1, positive_conflict = 1;

-- strong anger
INSERT INTO tickets (id, body) VALUES (31, 'I am furious and angry, I hate this, this is outrageous! I want a refund');
SELECT ticket_key, emotion FROM triage.decision WHERE ticket_key = '31';
UPDATE triage.signal_policy SET strong_emotion = 0.3;
SELECT triage.decide_again('tickets', '31');
SELECT outcome, regexp_replace(why, '\d\.\d\d', 'P', 'g') AS why FROM decided WHERE id = 31;

-- without its row the policy is as it ships; triage that fails still hears who asks for a person
DELETE FROM triage.signal_policy;
INSERT INTO tickets (id, body) VALUES (41, 'I want a refund, zzperson');
SELECT triage.drop_model('intent');
INSERT INTO tickets (id, body) VALUES (42, 'zzperson zzharm');
SELECT id, outcome, tier, priority, regexp_replace(why, 'failed: [^;]*', 'failed: ...') AS why FROM decided WHERE id > 40 ORDER BY id;
SELECT * FROM escalated WHERE id > 40 ORDER BY id, cause;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;
SELECT count(*) FROM triage.escalation;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
DELETE FROM triage.lexicon;
DROP SCHEMA routing_caution CASCADE;
