-- Automation that follows evidence: policies, evidence, thresholds
SET client_min_messages = warning;
CREATE SCHEMA routing_automation;
SET search_path = routing_automation;
SET timezone = 'UTC';

-- how wrong answers may be: Clopper and Pearson's upper limit (the first: 1 - 0.05 ^ (1/59); 3 of 100 and 10 of 200 from their tables)
SELECT round(triage.error_bound(0, 59)::numeric, 4) AS none_of_59, round(triage.error_bound(3, 100, 0.975)::numeric, 4) AS three_of_100,
       round(triage.error_bound(10, 200, 0.975)::numeric, 4) AS ten_of_200, triage.error_bound(0, 0) AS nothing_seen, triage.error_bound(7, 7) AS all_wrong;
-- it is where the binomial tail is what is left of the certainty
SELECT bool_and(abs(tail - 0.1) < 1e-9) AS exact
FROM (VALUES (0, 10), (1, 10), (5, 60), (12, 40)) AS v(k, n), triage.error_bound(k, n, 0.9) AS p,
     LATERAL (SELECT sum(factorial(n) / (factorial(i) * factorial(n - i)) * p::numeric ^ i * (1 - p::numeric) ^ (n - i)) AS tail FROM generate_series(0, k) AS i) AS t;
SELECT triage.error_bound(1, 100000) < 0.00005 AS many, triage.error_bound(60000, 100000) BETWEEN 0.6 AND 0.603 AS half_of_many;

-- thresholds
CREATE FUNCTION solved(right_above float8, n int, accepted float8, certainty float8 DEFAULT 0.95, lowest real DEFAULT 0, evidence int DEFAULT 1, OUT threshold real, OUT evidence_used int, OUT errors int, OUT bound numeric, OUT why text)
LANGUAGE sql AS $$
    SELECT s.threshold, s.evidence, s.errors, round(s.bound::numeric, 4), s.why
    FROM triage.solve_threshold((SELECT array_agg((g / n::float8)::real) FROM generate_series(1, n) AS g), (SELECT array_agg(g / n::float8 >= right_above) FROM generate_series(1, n) AS g),
                                accepted, certainty, lowest, evidence) AS s
$$;
SELECT * FROM solved(0, 1000, 0.05);
SELECT * FROM solved(0.5, 1000, 0.05);
SELECT * FROM solved(0.5, 1000, 0.05, 0.999);
SELECT * FROM solved(0.5, 1000, 0.05, lowest => 0.77);
SELECT * FROM solved(0.5, 1000, 0.05, evidence => 400);
SELECT * FROM solved(0.5, 1000, 0.05, evidence => 700);
SELECT * FROM solved(0.5, 50, 0.05);
SELECT * FROM solved(2, 500, 0.05);
SELECT * FROM solved(0, 1, 0.05);
SELECT * FROM triage.solve_threshold('{}', '{}', 0.05);
SELECT triage.solve_threshold(NULL, '{}', 0.05) IS NULL AS nothing;
-- a lone mistake at the top does not hide a thousand good answers
SELECT s.threshold, s.evidence, s.errors
FROM triage.solve_threshold((SELECT array_agg(1 - g / 2000.0)::real[] FROM generate_series(0, 1999) AS g), (SELECT array_agg(g <> 3) FROM generate_series(0, 1999) AS g), 0.01) AS s;

-- policies
\set VERBOSITY terse
SELECT triage.error_bound(3, 2);
SELECT triage.error_bound(0, 2, 1);
SELECT triage.solve_threshold('{0.5}', '{t,f}', 0.05);
SELECT triage.solve_threshold('{0.5,NULL}', '{t,f}', 0.05);
SELECT triage.solve_threshold('{1.5}', '{t}', 0.05);
SELECT triage.solve_threshold('{NaN}', '{t}', 0.05);
SELECT triage.solve_threshold('{0.5}', '{t}', 0);
SELECT triage.solve_threshold('{0.5}', '{t}', 'NaN');
SELECT triage.solve_threshold('{0.5}', '{t}', 0.05, 1);
SELECT triage.solve_threshold('{0.5}', '{t}', 0.05, 0.9, 2);
INSERT INTO triage.automation_policy (accepted_error) VALUES (0.1);
INSERT INTO triage.automation_policy (intent) VALUES ('refund');
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund', 0);
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund', 'NaN');
INSERT INTO triage.automation_policy (intent, accepted_error, cost_wrong_automatic) VALUES ('refund', 0.1, 10);
INSERT INTO triage.automation_policy (intent, cost_wrong_automatic, cost_wrong_queue, cost_human_minute) VALUES ('refund', 10, 1, 1);
INSERT INTO triage.automation_policy (intent, cost_wrong_automatic, cost_wrong_queue, cost_human_minute, human_minutes) VALUES ('refund', 10, 10, 1, 1);
INSERT INTO triage.automation_policy (intent, accepted_error, load_price) VALUES ('refund', 0.1, 1);
INSERT INTO triage.automation_policy (intent, accepted_error, min_evidence, max_evidence) VALUES ('refund', 0.1, 10, 9);
INSERT INTO triage.automation_policy (intent, accepted_error, certainty) VALUES ('refund', 0.1, 1);
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund', 0.1), ('refund', 0.2);
SELECT triage.solve_automation(77);
SELECT triage.record_evidence('intent', 1, 'refund', 1.5, true);
SELECT triage.record_evidence('intent', 1, 'refund', 0.5, NULL);
SELECT triage.record_evidence('intent', 1, 'refund', 0.5, true, source => 'hearsay');
SELECT triage.record_held_out('no such model', 'SELECT 1, 2');
SELECT triage.record_held_out(NULL, 'SELECT 1, 2');
\set VERBOSITY default

-- a model, and examples that it was not trained with
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund', 'I want a refund'), ('refund', 'give my money back'), ('access', 'I forgot my password'), ('access', 'the login fails'),
                 ('parcel', 'where is my parcel'), ('parcel', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE labelled (document text, label text, channel text);
INSERT INTO labelled SELECT 'Number ' || g || ': I want a refund', 'refund', CASE WHEN g % 2 = 0 THEN 'chat' END FROM generate_series(1, 60) AS g;
INSERT INTO labelled SELECT 'Number ' || g || ': the login fails', 'access' FROM generate_series(1, 10) AS g;
INSERT INTO labelled VALUES ('give my money back now', 'access'), (NULL, 'refund'), ('no label', NULL), ('qqqq wwww', 'refund');
\set VERBOSITY terse
SELECT triage.record_held_out('intent', 'SELECT 1, 2', 99);
SELECT triage.record_held_out('intent', 'SELECT nothing');
SELECT triage.record_held_out('intent', 'DROP TABLE labelled');
\set VERBOSITY default
SELECT recorded, wrong, out_of_scope, skipped FROM triage.record_held_out('intent', 'SELECT document, label, channel FROM labelled');
-- the same examples count once
SELECT recorded FROM triage.record_held_out('intent', 'SELECT document, label, channel FROM labelled');
SELECT intent, correct, channel, source, count(*) FROM triage.automation_evidence GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3;

-- solved for the error that is accepted; each policy by its own evidence
SET support_triage.clock = '2024-05-01 10:00+00';
INSERT INTO triage.automation_policy (intent, accepted_error, channel) VALUES ('refund', 0.1, NULL), ('refund', 0.1, 'chat'), ('refund', 0.2, 'mail'), ('access', 0.1, NULL), ('unheard of', 0.1, NULL);
INSERT INTO triage.automation_policy (intent, accepted_error, enabled) VALUES ('parcel', 0.1, false);
CREATE VIEW status AS SELECT intent, channel, enabled, model_version AS version, in_use, threshold IS NOT NULL AS automated, accepted, seen, evidence, errors, round(bound::numeric, 3) AS bound, regexp_replace(why, 'at [01]\.\d+ or', 'at T or') AS why
FROM triage.automation_status ORDER BY intent, channel NULLS FIRST;
TABLE status;
SELECT triage.tend_automation();
TABLE status;
-- nothing is new: nothing is solved
SET support_triage.clock = '2024-05-01 10:20+00';
SELECT triage.tend_automation(), (SELECT max(solved_at) FROM triage.automation_threshold) AS solved_at;
SELECT triage.record_evidence('intent', 1, 'access', 0.4, false) > 0 AS recorded;
SELECT triage.tend_automation();
SELECT p.intent, p.channel, t.solved_at FROM triage.automation_threshold t JOIN triage.automation_policy p USING (policy_id) ORDER BY 1, 2 NULLS FIRST;
-- new terms: what was solved is gone until it is solved anew
UPDATE triage.automation_policy SET accepted_error = 0.01 WHERE intent = 'refund' AND channel IS NULL;
SELECT automated, why FROM status WHERE intent = 'refund' AND channel IS NULL;
SELECT triage.tend_automation();
SELECT automated, why FROM status WHERE intent = 'refund' AND channel IS NULL;
UPDATE triage.automation_policy SET accepted_error = 0.1 WHERE intent = 'refund' AND channel IS NULL;
UPDATE triage.automation_policy SET review_share = 0.5 WHERE intent = 'access';
SELECT count(*) AS solved FROM triage.automation_threshold t JOIN triage.automation_policy p USING (policy_id) WHERE p.intent IN ('refund', 'access');
SELECT triage.solve_automation() AS solved;

-- decisions: the most specific policy; the threshold is kept
CREATE TABLE tickets (id int PRIMARY KEY, body text, channel text, segment text);
SELECT triage.attach('tickets') ->> 'channel' AS channel;
CREATE VIEW decided AS SELECT d.ticket_key::int AS id, d.outcome, d.tier, d.automation_threshold = t.threshold AS as_solved,
    regexp_replace(d.reasons[cardinality(d.reasons)], '[01]\.\d+', 'P', 'g') AS why
FROM triage.decision d
LEFT JOIN triage.automation_policy p ON p.intent = d.intent AND p.channel IS NOT DISTINCT FROM nullif(d.channel, 'phone')
LEFT JOIN triage.automation_threshold t ON t.policy_id = p.policy_id AND t.model_version = d.model_version
ORDER BY 1;
INSERT INTO tickets VALUES (1, 'Number 7: I want a refund', NULL), (2, 'Number 7: I want a refund', 'mail'), (3, 'Number 7: I want a refund', 'chat'), (4, 'the login fails', NULL),
    (5, 'where is my parcel', NULL), (6, 'Number 8: I want a refund', 'phone');
TABLE decided;
-- nobody writes an automated decision past it
\set VERBOSITY terse
UPDATE triage.decision SET automation_threshold = NULL WHERE ticket_key = '1';
UPDATE triage.decision SET automation_threshold = 1.1 WHERE ticket_key = '1';
UPDATE triage.decision SET intent_confidence = NULL WHERE ticket_key = '1';
UPDATE triage.decision SET outcome = 'auto' WHERE ticket_key = '4';
\set VERBOSITY default
-- a share is kept for people, always the same tickets
UPDATE triage.automation_policy SET review_share = 0.25 WHERE intent = 'refund';
INSERT INTO tickets SELECT g, 'Number 7: I want a refund' FROM generate_series(101, 500) AS g;
SELECT outcome, count(*) BETWEEN CASE outcome WHEN 'auto' THEN 270 ELSE 70 END AND CASE outcome WHEN 'auto' THEN 330 ELSE 130 END AS about_right, min(why) AS why FROM decided WHERE id > 100 GROUP BY outcome ORDER BY outcome;
CREATE TABLE before AS SELECT ticket_key, outcome FROM triage.decision;
SELECT count(triage.decide_again('tickets', g::text)) FROM generate_series(101, 140) AS g;
SELECT bool_and(b.outcome = d.outcome) AS same FROM before b JOIN triage.decision d USING (ticket_key) WHERE ticket_key::int BETWEEN 101 AND 140;
UPDATE triage.automation_policy SET review_share = 0;

-- another version of the model has no threshold until there is evidence of it
SELECT version AS other FROM triage.train('intent', 'SELECT document || '' please'', label FROM labelled WHERE document IS NOT NULL') \gset
SELECT triage.activate('intent', :other);
INSERT INTO tickets VALUES (21, 'Number 7: I want a refund');
SELECT id, outcome, why FROM decided WHERE id = 21;
SELECT triage.tend_automation();
SELECT version, in_use, automated, seen, why FROM status WHERE intent = 'refund' AND channel IS NULL ORDER BY version;
SELECT recorded > 50 AS recorded FROM triage.record_held_out('intent', 'SELECT document, label, channel FROM labelled');
SELECT triage.tend_automation();
INSERT INTO tickets VALUES (22, 'Number 7: I want a refund');
SELECT id, outcome FROM decided WHERE id = 22;
SELECT triage.activate('intent', 1);
INSERT INTO tickets VALUES (23, 'Number 7: I want a refund');
SELECT id, outcome FROM decided WHERE id = 23;
SELECT triage.drop_model('intent', :other);
SELECT triage.solve_automation() AS solved;
SELECT DISTINCT model_version FROM triage.automation_evidence UNION SELECT model_version FROM triage.automation_threshold;

-- costs: 1 less person / (wrong automatic - wrong queue), and dearer people where many wait
DELETE FROM triage.automation_policy;
INSERT INTO triage.automation_policy (intent, cost_wrong_automatic, cost_wrong_queue, cost_human_minute, human_minutes, min_confidence) VALUES ('refund', 45, 5, 0.8, 5, 0);
SELECT triage.solve_automation() AS solved;
SELECT automated, accepted, why FROM status;
SELECT min(threshold) >= 0.9 AS by_costs FROM triage.automation_threshold;
-- what the alternatives cost for a ticket: here almost nothing, or five minutes of a person
SELECT (e ->> 'automatic')::float8 < 0.5 AS automatic, round((e ->> 'person')::numeric) AS person
FROM (SELECT triage.explain_decision('tickets', '1') #> '{tier,automation,costs}') AS t(e);
UPDATE triage.automation_policy SET cost_human_minute = 10, min_confidence = 0.3;
SELECT triage.solve_automation() AS solved;
SELECT threshold, accepted, why FROM triage.automation_threshold;
UPDATE triage.automation_policy SET min_evidence = 100;
SELECT triage.solve_automation() AS solved;
SELECT threshold, why FROM triage.automation_threshold;
UPDATE triage.automation_policy SET cost_human_minute = 0;
SELECT triage.solve_automation() AS solved;
SELECT threshold, accepted, why FROM triage.automation_threshold;
-- nobody waits (the tickets of above are gone), then twelve do for two agents; one of them leaves
UPDATE triage.automation_policy SET cost_human_minute = 0.2, load_price = 0.1, min_evidence = 10, min_confidence = 0;
SELECT triage.detach('tickets', true);
INSERT INTO triage.agent (name) VALUES ('ann'), ('bob');
SELECT triage.tend_automation();
SELECT load, round(accepted::numeric, 4) AS accepted FROM triage.automation_threshold;
SELECT count(triage.enqueue_ticket('', 1, g::text, 'triage')) FROM generate_series(1, 12) AS g;
SELECT triage.queue_load_per_agent();
SELECT triage.solve_automation() AS solved;
SELECT load, round(accepted::numeric, 4) AS accepted FROM triage.automation_threshold;
SELECT triage.set_presence('ann', 'available'), triage.set_presence('bob', 'away');
SELECT triage.queue_load_per_agent();
SELECT count(triage.withdraw_ticket('', 1, g::text)) FROM generate_series(5, 12) AS g;
SET support_triage.clock = '2024-05-01 10:25+00';
SELECT triage.tend_automation();
SELECT load, round(accepted::numeric, 4) AS accepted FROM triage.automation_threshold;

-- old evidence falls out
UPDATE triage.automation_policy SET max_evidence = 20;
SELECT triage.prune_evidence('intent', 1, 'refund') AS fell_out;
SELECT count(*) FROM triage.automation_evidence WHERE intent = 'refund';
SELECT count(triage.record_evidence('intent', 1, 'refund', 0.9, true)) FROM generate_series(1, 600);
SELECT count(*) < 300 AS bounded FROM triage.automation_evidence WHERE intent = 'refund';

-- who was granted nothing can do nothing
CREATE ROLE regress_st_nobody;
GRANT USAGE ON SCHEMA triage TO regress_st_nobody;
SET ROLE regress_st_nobody;
\set VERBOSITY terse
SELECT triage.solve_automation();
SELECT triage.record_held_out('intent', 'SELECT 1, 2');
SELECT count(*) FROM triage.automation_status;
INSERT INTO triage.automation_policy (intent, accepted_error) VALUES ('refund', 0.9);
RESET ROLE;
REVOKE ALL ON SCHEMA triage FROM regress_st_nobody;
DROP ROLE regress_st_nobody;

-- leave nothing behind
DELETE FROM triage.automation_policy;
DELETE FROM triage.automation_evidence;
SELECT triage.drop_model('intent');
DROP SCHEMA routing_automation CASCADE;
