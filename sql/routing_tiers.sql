-- Tiers by what is known of a ticket: simple, moderate, complex or emotional, emergency
SET client_min_messages = warning;
CREATE SCHEMA routing_tiers;
SET search_path = routing_tiers;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
-- words of our own, so that what is found is not left to the lexicon that ships
INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES
    ('', 'zzperson', 'human', 1), ('', 'zznow', 'outage', 1), ('', 'zzcourt', 'topic.legal_threat', 1);
CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, segment text);
SELECT triage.attach('tickets') ->> 'segment' AS segment;
INSERT INTO triage.queue (name, tier) VALUES ('seniors', 'senior'), ('anybody', NULL);
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund_request', 0.1);
SELECT count(triage.record_evidence('intent', 1, 'refund_request', 0.5, true)) AS seen FROM generate_series(1, 60);
SELECT triage.solve_automation() AS solved;
CREATE FUNCTION decided(ticket text, channel text DEFAULT NULL, segment text DEFAULT NULL, OUT outcome triage.outcome, OUT tier triage.tier, OUT why text)
LANGUAGE plpgsql AS $$
DECLARE
    key int := (SELECT count(*) FROM tickets);
BEGIN
    INSERT INTO tickets VALUES (key, ticket, channel, segment);
    SELECT d.outcome, d.tier, regexp_replace(array_to_string(d.reasons, '; '), '-?[01]\.\d+(?= [<>]|;)', 'P', 'g')
    INTO outcome, tier, why FROM triage.decision d WHERE d.ticket_key = key::text;
END $$;

-- as it ships
SELECT channel, segment, simple_below, complex_from, sure_from, urgent_from, emergency_from, emotion_from, emotion_sentiment, dismay_sentiment,
       unsure_tier, human_tier, escalation_tier, changed_at IS NULL AS as_shipped FROM triage.tier_policy;
SELECT * FROM decided('I want a refund');
SELECT * FROM decided('where is my parcel');
SELECT * FROM decided('qqqq wwww');
SELECT * FROM decided('I want a refund, zzperson');
SELECT * FROM decided('zznow where is my parcel');
SELECT * FROM decided('zzcourt where is my parcel');

-- complex, emotional, sure: each limit counts from its own value on
UPDATE triage.tier_policy SET complex_from = 0, simple_below = 0;
SELECT * FROM decided('I want a refund');
UPDATE triage.tier_policy SET complex_from = 0.6, simple_below = 0;
SELECT * FROM decided('I want a refund');
UPDATE triage.tier_policy SET simple_below = 0.6, sure_from = 1, unsure_tier = 'senior' WHERE channel IS NULL;
SELECT tier FROM decided('qqqq wwww');
UPDATE triage.tier_policy SET sure_from = 0.5, unsure_tier = 'assisted', dismay_sentiment = -0.2, emotion_sentiment = 0;
SELECT * FROM decided('I want a refund. This is terrible, awful, horrible, the worst.');
UPDATE triage.tier_policy SET dismay_sentiment = -1, emotion_sentiment = 1, emotion_from = 0.1;
SELECT tier, why FROM decided('I want a refund. I am furious and angry!');
UPDATE triage.tier_policy SET emotion_from = 1, human_tier = 'priority';
SELECT * FROM decided('I want a refund, zzperson');
UPDATE triage.tier_policy SET human_tier = 'assisted', urgent_from = 0, emergency_from = 1;
SELECT * FROM decided('I want a refund');
UPDATE triage.tier_policy SET urgent_from = 0.6, emergency_from = 0.9;
SELECT changed_by = session_user AS by_me, changed_at IS NOT NULL AS stamped FROM triage.tier_policy;

-- the most specific row: channel and segment, channel, segment, all
INSERT INTO triage.tier_policy (channel, segment, simple_below, complex_from) VALUES
    ('chat', NULL, 0, 0), (NULL, 'vip', 0, 0.6), ('chat', 'vip', 0.5, 0.6);
SELECT c.channel, s.segment, d.outcome, d.tier
FROM (VALUES ('mail'), ('chat')) AS c(channel), (VALUES (NULL), ('vip')) AS s(segment), decided('I want a refund', c.channel, s.segment) AS d
ORDER BY c.channel, s.segment NULLS FIRST;
SELECT triage.explain_decision('tickets', (SELECT max(id)::text FROM tickets)) #> '{tier,policy,for}' AS for;
DELETE FROM triage.tier_policy WHERE channel IS NOT NULL OR segment IS NOT NULL;

-- a queue's tier is the least; that of a rule counts before all but caution
INSERT INTO triage.routing_rule (position, name, channel, queue, tier, escalate_reason) VALUES
    (1, 'queued', 'queued', 'seniors', NULL, NULL), (2, 'ruled', 'ruled', 'seniors', 'assisted', NULL), (3, 'free', 'free', 'anybody', NULL, NULL),
    (4, 'called', 'called', 'anybody', NULL, 'look at it'), (5, 'called at', 'called at', 'anybody', 'assisted', 'look at it'), (6, 'robot', 'robot', 'seniors', 'self_service', NULL);
SELECT c.channel, d.* FROM unnest('{queued,ruled,free,called,called at,robot}'::text[]) AS c(channel), decided('I want a refund', c.channel) AS d;
SELECT c.channel, d.* FROM unnest('{ruled,free,robot}'::text[]) AS c(channel), decided('I want a refund, zzcourt', c.channel) AS d;
SELECT c.channel, d.* FROM unnest('{ruled,robot}'::text[]) AS c(channel), decided('zznow where is my parcel', c.channel) AS d;
-- why not, for those
SELECT o.channel, e #>> '{automation,why_not}' AS why_not, e #>> '{tier,by_facts}' AS by_facts, regexp_replace(e #>> '{tier,because}', '[01]\.\d+ ', 'P ') AS because, e #>> '{tier,queue}' AS queue
FROM (SELECT d.channel, triage.explain_decision('tickets', d.ticket_key) AS e FROM triage.decision d WHERE d.channel IN ('queued', 'ruled', 'called', 'robot') ORDER BY d.ticket_key::int) AS o;
UPDATE triage.tier_policy SET escalation_tier = 'assisted';
SELECT * FROM decided('I want a refund', 'called');

-- without any row it is as it ships
DELETE FROM triage.tier_policy;
SELECT outcome, tier FROM decided('I want a refund');
SELECT e -> 'by_facts' AS by_facts, regexp_replace(e ->> 'because', '0\.\d+ ', 'P ') AS because, e -> 'by_rule' AS by_rule, e -> 'queue' AS queue,
       e #> '{automation,threshold}' AS threshold, e #>> '{automation,why}' AS why
FROM (SELECT triage.explain_decision('tickets', (SELECT max(id)::text FROM tickets)) -> 'tier') AS t(e);

-- what was not understood makes a ticket neither simple nor complex
SELECT triage.attach('tickets', options => '{"understand": []}') ->> 'id' AS id;
SELECT outcome, tier FROM decided('I want a refund');
SELECT triage.explain_decision('tickets', (SELECT max(id)::text FROM tickets)) #> '{automation,why_not}' AS why_not;

-- what cannot be
\set VERBOSITY terse
INSERT INTO triage.tier_policy (simple_below, complex_from) VALUES (0.7, 0.6);
INSERT INTO triage.tier_policy (complex_from) VALUES (1.1);
INSERT INTO triage.tier_policy (simple_below) VALUES ('NaN');
INSERT INTO triage.tier_policy (urgent_from) VALUES (0.95);
INSERT INTO triage.tier_policy (dismay_sentiment) VALUES (0);
INSERT INTO triage.tier_policy (sure_from) VALUES (-0.1);
INSERT INTO triage.tier_policy (human_tier) VALUES ('self_service');
INSERT INTO triage.tier_policy (simple_below) VALUES (0.1);
INSERT INTO triage.tier_policy (simple_below) VALUES (0.2);

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
DELETE FROM triage.lexicon;
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;
SELECT triage.drop_model('intent');
DROP SCHEMA routing_tiers CASCADE;
