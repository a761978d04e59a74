-- explain_decision: why a ticket is where it is
SET client_min_messages = warning;
CREATE SCHEMA pipeline_explain;
SET search_path = pipeline_explain;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, channel text, status text);

SELECT triage.attach('tickets') ->> 'body' AS body;
INSERT INTO triage.queue (name) VALUES ('money');
INSERT INTO triage.routing_rule (position, name, intent, min_confidence, channel, queue, tier, enabled) VALUES
    (1, 'off',     'refund_request',  NULL, NULL,   'money', NULL,           false),
    (2, 'chat',    NULL,              NULL, 'chat', 'money', NULL,           true),
    (3, 'parcels', 'delivery_status', 0.5,  NULL,   NULL,    'self_service', true),
    (4, 'refunds', 'refund_request',  0.5,  NULL,   'money', NULL,           true),
    (5, 'robot',   'refund_request',  0.55, NULL,   'money', 'self_service', true);
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('delivery_status', 0.1);
SELECT count(triage.record_evidence(m.name, m.version, p.intent, 0.5, true)) AS seen
FROM triage.model m, triage.automation_policy p, generate_series(1, 60) WHERE m.name = 'intent';
SELECT triage.solve_automation() AS solved;
INSERT INTO tickets (id, subject, body, channel) VALUES (1, 'refund', 'I want a refund', 'mail'), (2, NULL, 'qqqq wwww zzzz', NULL),
                                                        (3, NULL, 'where is my parcel', NULL), (4, NULL, NULL, NULL);
CREATE TABLE explained AS SELECT id, triage.explain_decision('tickets', id::text) AS e FROM tickets;
SELECT id, array(SELECT jsonb_object_keys(e) ORDER BY 1) AS parts FROM explained ORDER BY id;
SELECT id, e ->> 'table' AS "table", e -> 'decision' ->> 'outcome' AS outcome, e -> 'now' ->> 'rule' AS rule, e -> 'automation' ->> 'allowed' AS automated
FROM explained ORDER BY id;
SELECT id, regexp_replace(e -> 'automation' ->> 'why_not', 'nearest is .*', 'nearest is ...') AS why_not, e -> 'changed' AS changed FROM explained ORDER BY id;
SELECT r ->> 'rule' AS rule, r ->> 'matches' AS matches, r ->> 'decides' AS decides, r -> 'failed_test' AS failed_test
FROM explained, jsonb_array_elements(e -> 'rules') AS r WHERE id = 1;
-- which of the rules' intents an unknown ticket is nearest to is left to the model
SELECT id, r ->> 'rule' AS rule, replace(r -> 'failed_test' ->> 'fact', 'in_scope', 'intent') AS failed
FROM explained, jsonb_array_elements(e -> 'rules') AS r WHERE id IN (2, 4) ORDER BY id, r -> 'position';
SELECT id, e -> 'intents' -> 0 ->> 'intent' AS best, jsonb_array_length(e -> 'intents') AS intents FROM explained WHERE id IN (1, 3) ORDER BY id;
SELECT count(*) > 0 AS has_tokens, bool_or(c ->> 'token' ILIKE '%refund%') AS refund
FROM explained, jsonb_array_elements(e -> 'contributions') AS c WHERE id = 1;
SELECT e -> 'facts' ->> 'channel' AS channel, CASE WHEN id <> 2 THEN e -> 'facts' ->> 'intent' END AS intent, e -> 'facts' -> 'subject_length' AS subject_length,
       e -> 'facts' -> 'in_scope' AS in_scope FROM explained ORDER BY id;

-- what changed since
UPDATE triage.routing_rule SET priority = 60 WHERE name = 'refunds';
SELECT version AS other FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('money', 'I want a refund'), ('money', 'give my money back'),
                 ('post', 'where is my parcel'), ('post', 'the delivery is late')) AS r(label, request)
$$) \gset
SELECT triage.activate('intent', :other);
SELECT regexp_replace(triage.explain_decision('tickets', '1') ->> 'changed', 'version \d+ of the model decided, \d+', 'version A of the model decided, B') AS changed;
SELECT triage.explain_decision('tickets', '1') -> 'facts' ->> 'intent' AS intent, triage.explain_decision('tickets', '1') -> 'now' ->> 'rule' AS rule;
-- explained by the version that decided, while it is there
SELECT e -> 'explained_version' = e -> 'decision' -> 'model_version' AS by_what_decided, e -> 'intents' -> 0 ->> 'intent' AS intent, jsonb_array_length(e -> 'intents') AS intents,
       (SELECT c ->> 'token' FROM jsonb_array_elements(e -> 'contributions') AS c ORDER BY (c ->> 'contribution')::real DESC LIMIT 1) ILIKE '%refund%' AS refund
FROM triage.explain_decision('tickets', '1') AS e;
SELECT triage.decide_again('tickets', '1');
SELECT triage.explain_decision('tickets', '1') -> 'changed' AS changed, triage.explain_decision('tickets', '1') -> 'facts' ->> 'intent' AS intent;
-- of every rule that applied, not of the last alone
INSERT INTO triage.routing_rule (position, name, intent, tags, stop) VALUES (-2, 'first tag', 'money', '{a}', false), (-1, 'second tag', 'money', '{b}', false);
SELECT triage.decide_again('tickets', '1');
UPDATE triage.routing_rule SET tags = '{c}' WHERE name = 'second tag';
DELETE FROM triage.routing_rule WHERE name = 'first tag';
SELECT triage.explain_decision('tickets', '1') -> 'changed' AS changed;
DELETE FROM triage.decision WHERE ticket_key = '3';
SELECT triage.explain_decision('tickets', '3') -> 'changed' AS changed, triage.explain_decision('tickets', '3') -> 'decision' AS decision;

-- the facts of a decision as one value
SELECT (triage.decision_facts(d)).ticket_key, (triage.decision_facts(d)).intent = d.intent AS same,
       pg_typeof(triage.decision_facts(d)) FROM triage.decision d WHERE ticket_key = '1';
SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'triage.facts'::regclass
EXCEPT SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'triage.decision'::regclass;

-- leave nothing behind
SELECT triage.detach('tickets', true);
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
SET client_min_messages = warning;
DROP SCHEMA pipeline_explain CASCADE;
SELECT count(*) FROM triage.decision;
