-- src/routing/routing_rule_api.sql: trying rules out, what became of them, and what is wrong with them

CREATE OR REPLACE FUNCTION triage.try_rules(
    facts triage.facts,
    OUT outcome triage.outcome,
    OUT tier triage.tier,
    OUT queue text,
    OUT priority smallint,
    OUT rules text[],
    OUT failed_rules text[],
    OUT tags text[],
    OUT skills text[],
    OUT sla_policy text,
    OUT automation_blocked boolean,
    OUT escalations text[],
    OUT reasons text[])
RETURNS record
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME', 'st_try_rules';
COMMENT ON FUNCTION triage.try_rules(triage.facts) IS 'What the present rules decide for some facts: a test of rules without a ticket. rules are the names of those that applied, failed_rules those whose condition threw an error, escalations the causes of what would be queued.';
REVOKE ALL ON FUNCTION triage.try_rules(triage.facts) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.replay_routing(
    rules jsonb DEFAULT NULL,
    since timestamptz DEFAULT NULL,
    until timestamptz DEFAULT NULL,
    OUT moved boolean,
    OUT from_queue text,
    OUT from_tier triage.tier,
    OUT from_outcome triage.outcome,
    OUT to_queue text,
    OUT to_tier triage.tier,
    OUT to_outcome triage.outcome,
    OUT decisions bigint,
    OUT examples jsonb)
RETURNS SETOF record
LANGUAGE c STABLE ROWS 50
AS 'MODULE_PATHNAME', 'st_replay_routing';
COMMENT ON FUNCTION triage.replay_routing(jsonb, timestamptz, timestamptz) IS 'What would have become of the decisions from since to until (exclusive; NULL: no limit) with other rules: an array of objects with the columns of triage.routing_rule, NULL for the present rules. Decides anew by the facts as they were then, with the clock of then, and with the queues and policies of now. One row for each way from a queue, tier and outcome to others, those that moved first, with up to five examples. Changes nothing; reads triage.decision as the caller, so that row-level security holds. Errors: what is wrong with a rule, undefined_object for an unknown queue or policy.';
REVOKE ALL ON FUNCTION triage.replay_routing(jsonb, timestamptz, timestamptz) FROM PUBLIC;

-- Counted from what each decision stores: nothing is written and nothing is locked when
-- a ticket is decided.
CREATE OR REPLACE VIEW triage.rule_health WITH (security_invoker = true) AS
SELECT r.rule_id,
       r.position,
       r.name AS rule,
       r.enabled,
       r.version,
       coalesce(a.matched, 0)      AS matched,
       coalesce(a.decided, 0)      AS decided,
       coalesce(f.failed, 0)       AS failed,
       a.last_matched_at,
       f.last_failed_at,
       f.last_error
FROM triage.routing_rule r
LEFT JOIN (
    SELECT u.rule_id,
           pg_catalog.count(*) AS matched,
           pg_catalog.count(*) FILTER (WHERE u.rule_id OPERATOR(pg_catalog.=) d.rule_id) AS decided,
           pg_catalog.max(d.decided_at) AS last_matched_at
    FROM triage.decision d CROSS JOIN LATERAL pg_catalog.unnest(d.rules) AS u (rule_id)
    GROUP BY u.rule_id
) a ON a.rule_id OPERATOR(pg_catalog.=) r.rule_id
LEFT JOIN (
    SELECT u.rule_id,
           pg_catalog.count(*) AS failed,
           pg_catalog.max(d.decided_at) AS last_failed_at,
           (pg_catalog.array_agg(
               (SELECT pg_catalog.substr(w.reason, pg_catalog.length(n.name) OPERATOR(pg_catalog.+) 15)
                FROM pg_catalog.unnest(d.reasons) AS w (reason)
                WHERE pg_catalog.starts_with(w.reason, 'rule ' OPERATOR(pg_catalog.||) n.name OPERATOR(pg_catalog.||) ' failed: ')
                LIMIT 1)
               ORDER BY d.decided_at DESC))[1] AS last_error
    FROM triage.decision d CROSS JOIN LATERAL pg_catalog.unnest(d.failed_rules) AS u (rule_id)
    JOIN triage.routing_rule n ON n.rule_id OPERATOR(pg_catalog.=) u.rule_id
    WHERE d.failed_rules IS NOT NULL
    GROUP BY u.rule_id
) f ON f.rule_id OPERATOR(pg_catalog.=) r.rule_id;
COMMENT ON VIEW triage.rule_health IS 'What became of each rule, counted over the present decisions of all tickets that the caller may see: those that were replaced or purged no longer count. Reads all of triage.decision: some seconds for a million tickets.';
COMMENT ON COLUMN triage.rule_health.rule_id IS 'The rule.';
COMMENT ON COLUMN triage.rule_health.position IS 'Its place in the order of trying.';
COMMENT ON COLUMN triage.rule_health.rule IS 'Its name.';
COMMENT ON COLUMN triage.rule_health.enabled IS 'Whether it is tried at all.';
COMMENT ON COLUMN triage.rule_health.version IS 'Number of its present form; the counts are of all its forms.';
COMMENT ON COLUMN triage.rule_health.matched IS 'Decisions in which it applied.';
COMMENT ON COLUMN triage.rule_health.decided IS 'Those in which it was the last to apply.';
COMMENT ON COLUMN triage.rule_health.failed IS 'Decisions for which its condition threw an error, and so counted as false.';
COMMENT ON COLUMN triage.rule_health.last_matched_at IS 'When it applied last.';
COMMENT ON COLUMN triage.rule_health.last_failed_at IS 'When its condition failed last.';
COMMENT ON COLUMN triage.rule_health.last_error IS 'The error of then; NULL when the decision had no room for it, or the rule has another name now.';

CREATE OR REPLACE FUNCTION triage.lint_rules(
    not_fired_for interval DEFAULT '30 days',
    OUT rule_id integer,
    OUT rule text,
    OUT problem text,
    OUT other_rule text,
    OUT detail text)
RETURNS SETOF record
LANGUAGE c STABLE STRICT ROWS 10
AS 'MODULE_PATHNAME', 'st_lint_rules';
COMMENT ON FUNCTION triage.lint_rules(interval) IS 'What is wrong with the rules, by position: unreachable (an earlier rule takes every ticket, or nobody is in the rollout), shadowed (earlier rules that stop take all its tickets), contradictory (its tests cannot all hold), never fired (in not_fired_for, for rules that are older), fails (its condition threw errors in that time), broken (its condition does not compile any more), without effect, disabled, expired, unknown intent, unknown skill, unknown source, disabled policy, no automation policy (it asks for self_service). Proves what follows from comparisons with constants, IN, AND, OR, NOT and IS NULL; what it does not name may be wrong all the same. Reads as the caller. Errors: invalid_parameter_value for an interval that is not positive.';
REVOKE ALL ON FUNCTION triage.lint_rules(interval) FROM PUBLIC;
