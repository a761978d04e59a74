-- src/governance/governance_api.sql: levels of access, and who has them

-- The one list of what each level may do. triage.grant_access makes its grants from
-- it, the documentation shows it, and a test compares it with what there is: an object
-- that is in no row fails the test.
--
-- Cells, for reader, agent, lead, admin and auditor:
--   r  SELECT   w  SELECT, INSERT, UPDATE, DELETE   x  EXECUTE   u  USAGE   -  nothing
-- Of functions with the same name all are meant.
CREATE OR REPLACE VIEW triage.access_matrix
WITH (security_invoker = true) AS
SELECT m.kind,
       o.object,
       (pg_catalog.string_to_array(m.cells, ' '))[1] AS reader,
       (pg_catalog.string_to_array(m.cells, ' '))[2] AS agent,
       (pg_catalog.string_to_array(m.cells, ' '))[3] AS lead,
       (pg_catalog.string_to_array(m.cells, ' '))[4] AS admin,
       (pg_catalog.string_to_array(m.cells, ' '))[5] AS auditor
FROM (VALUES
    -- tickets: written by functions only
    ('table', 'r r r r r', 'decision decision_history ticket_handling intent_history waiting assignment sla_clock backlog_note early_message escalation_turn'),
    -- the functions of this queue run as the caller, within the caller's tenants
    ('table', 'r w w w r', 'escalation escalation_history escalation_dead'),
    ('table', '- - - - r', 'ticket_signature'),
    ('table', '- - - r r', 'ticket_storage'),
    -- what things are called and how they are set
    ('table', 'r r r w r', 'source message_source queue routing_rule tier_policy status_phase sla_policy sla_target calendar calendar_hours calendar_holiday skill channel_weight queue_policy escalation_policy escalation_settings escalation_step'),
    ('table', '- - r w r', 'signal_policy sensitive_policy pii_kind entity_kind lexicon automation_policy automation_threshold automation_evidence'),
    -- people
    ('table', 'r r w w r', 'agent agent_channel agent_leave agent_queue agent_shift agent_skill'),
    ('table', 'r r r r r', 'agent_presence agent_work alert'),
    -- models, the worker, access itself
    ('table', '- - r r r', 'model'),
    ('table', '- - - - r', 'model_dropped'),
    ('table', '- - r r r', 'task task_state worker role_access'),
    ('sequence', '- - u u -', 'escalation_escalation_id_seq'),
    ('view', 'r r r r r', 'ticket_overview queue_load intent_volume sla_status sla_report backlog backlog_status agent_load escalation_all queue_health routing_reasons access_matrix'),
    ('view', '- - r r r', 'model_overview training_progress rule_health automation_status task_status worker_status'),
    -- what only computes
    ('function', 'x x x x x', 'now sees_tenant sees_all_tenants classify classify_top explain clean normalize tokenize language sentiment emotion irony urgency wants_human sensitive_topics complexity complexity_parts complexity_with_history find_pii redact entities lexicon_hits lexicon_shipped similarity signature signature_similarity predict_version business_deadline business_elapsed sla_policy_for decision_facts waiting_rank escalation_rank error_bound solve_threshold explain_decision handoff sentiment_path'),
    -- an agent's work
    ('function', '- x x x -', 'claim_ticket complete_ticket release_ticket reopen_ticket ticket_agents set_presence agent_heartbeat escalate decide_again claim_escalations complete_escalation complete_escalations fail_escalation release_escalation extend_escalation acknowledge_escalation'),
    -- a lead's
    ('function', '- - x x -', 'release_agent assign_tickets enqueue_ticket withdraw_ticket enqueue_escalation enqueue_escalations deescalate requeue_escalation cancel_escalation'),
    ('function', '- - x x x', 'lint_rules replay_routing try_rules test_condition queue_load_per_agent evaluate confusion read_training_progress'),
    -- an administrator's
    ('function', '- - - x -', 'attach detach attach_messages detach_messages backfill decide_backlog train activate drop_model refresh_models record_evidence record_held_out solve_automation prune_evidence prune_signatures learn_intent_history check_waiting overflow_tickets return_lost_tickets tick start_worker stop_worker wake_worker model_file'),
    -- the worker's and the triggers', which run as the owner
    ('function', '- - - - -', 'tend_assignments tend_automation tend_clocks tend_escalations require_escalation tend_queues tend_signatures tend_intent_history tend_waiting_alerts forget_gone_tickets sla_check start_clocks clocks_message clocks_status forget_assignments grant_access revoke_access refresh_access')
) AS m (kind, cells, objects), LATERAL pg_catalog.unnest(pg_catalog.string_to_array(m.objects, ' ')) AS o (object);
COMMENT ON VIEW triage.access_matrix IS 'What each level of access may do. Cells: r SELECT; w SELECT, INSERT, UPDATE, DELETE; x EXECUTE; u USAGE; - nothing. Functions that triggers run are nobody''s.';
COMMENT ON COLUMN triage.access_matrix.kind IS 'table, view, sequence or function (and procedure).';
COMMENT ON COLUMN triage.access_matrix.object IS 'Its name in schema triage; all functions of that name.';
COMMENT ON COLUMN triage.access_matrix.reader IS 'Reports: sees tickets, decisions and queues, changes nothing.';
COMMENT ON COLUMN triage.access_matrix.agent IS 'Works on tickets.';
COMMENT ON COLUMN triage.access_matrix.lead IS 'Leads agents: staffing, routing''s effects, models'' quality.';
COMMENT ON COLUMN triage.access_matrix.admin IS 'Configures everything but access itself.';
COMMENT ON COLUMN triage.access_matrix.auditor IS 'Sees everything, changes nothing.';

-- What an agent, a lead or an administrator does through functions needs no right on the
-- tables beneath: these run as the owner, and ask for the tenant themselves.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN
        SELECT p.oid
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'triage'::regnamespace
          AND p.proname IN ('claim_ticket', 'complete_ticket', 'release_ticket', 'reopen_ticket', 'ticket_agents',
                            'set_presence', 'agent_heartbeat', 'release_agent', 'assign_tickets', 'enqueue_ticket',
                            'withdraw_ticket', 'check_waiting', 'overflow_tickets', 'return_lost_tickets',
                            'prune_signatures', 'learn_intent_history', 'claim_escalations', 'complete_escalation', 'complete_escalations',
                            'fail_escalation', 'release_escalation', 'extend_escalation', 'acknowledge_escalation',
                            'deescalate', 'cancel_escalation',
                            'requeue_escalation')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = pg_catalog, pg_temp', f);
    END LOOP;
END
$$;

DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN
        SELECT c.oid FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'triage'::regnamespace AND c.relrowsecurity
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)
    LOOP
        EXECUTE format('CREATE POLICY by_tenant ON %s USING ((SELECT triage.sees_all_tenants()) OR triage.sees_tenant(tenant_id))', t);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION triage.revoke_access(role regrole)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee text := role::text;
    o record;
BEGIN
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = role) THEN
        RAISE EXCEPTION 'there is no such role' USING ERRCODE = 'undefined_object';
    END IF;
    FOR o IN
        SELECT CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name
        FROM pg_class c, LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace = 'triage'::regnamespace AND a.grantee = role AND c.relowner <> role
        UNION
        SELECT 'ROUTINE', p.oid::regprocedure::text
        FROM pg_proc p, LATERAL aclexplode(p.proacl) a
        WHERE p.pronamespace = 'triage'::regnamespace AND a.grantee = role AND p.proowner <> role
        UNION
        SELECT 'SCHEMA', n.nspname
        FROM pg_namespace n, LATERAL aclexplode(n.nspacl) a
        WHERE n.nspname = 'triage' AND a.grantee = role AND n.nspowner <> role
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s', o.kind, o.name, grantee);
    END LOOP;
    DELETE FROM triage.role_access r WHERE r.role = revoke_access.role;
END
$$;
COMMENT ON FUNCTION triage.revoke_access(regrole) IS 'Takes everything in schema triage from a role, whoever granted it as the owner: rights and tenants. Roles that the role is a member of keep theirs.';
REVOKE ALL ON FUNCTION triage.revoke_access(regrole) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.grant_access(role regrole, level text, tenants text[] DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee text := role::text;
    levels text[] := enum_range(NULL::triage.access_level)::text[];
    o record;
BEGIN
    IF role IS NULL OR level IS NULL THEN
        RAISE EXCEPTION 'role and level must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF level <> ALL (levels) THEN
        RAISE EXCEPTION 'there is no level "%"', level
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('The levels are: %s.', array_to_string(levels, ', '));
    END IF;
    IF array_position(tenants, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Tickets without a tenant are seen by every level; NULL instead of the array gives all tenants.';
    END IF;
    PERFORM triage.revoke_access(role);
    EXECUTE format('GRANT USAGE ON SCHEMA triage TO %s', grantee);
    FOR o IN
        SELECT 'TABLE' AS kind, c.oid::regclass::text AS name, to_jsonb(m) ->> grant_access.level AS cell
        FROM triage.access_matrix m JOIN pg_class c ON c.relnamespace = 'triage'::regnamespace AND c.relname = m.object
        WHERE m.kind IN ('table', 'view') AND c.relkind IN ('r', 'p', 'v')
        UNION ALL
        SELECT 'SEQUENCE', c.oid::regclass::text, to_jsonb(m) ->> grant_access.level
        FROM triage.access_matrix m JOIN pg_class c ON c.relnamespace = 'triage'::regnamespace AND c.relname = m.object
        WHERE m.kind = 'sequence' AND c.relkind = 'S'
        UNION ALL
        SELECT 'ROUTINE', p.oid::regprocedure::text, to_jsonb(m) ->> grant_access.level
        FROM triage.access_matrix m JOIN pg_proc p ON p.pronamespace = 'triage'::regnamespace AND p.proname = m.object
        WHERE m.kind = 'function'
    LOOP
        IF o.cell <> '-' THEN
            EXECUTE format('GRANT %s ON %s %s TO %s',
                           CASE o.cell WHEN 'r' THEN 'SELECT' WHEN 'w' THEN 'SELECT, INSERT, UPDATE, DELETE' WHEN 'u' THEN 'USAGE' ELSE 'EXECUTE' END,
                           o.kind, o.name, grantee);
        END IF;
    END LOOP;
    INSERT INTO triage.role_access (role, level, tenants, granted_at, granted_by)
    VALUES (grant_access.role, grant_access.level::triage.access_level, grant_access.tenants, triage.now(), session_user);
END
$$;
COMMENT ON FUNCTION triage.grant_access(regrole, text, text[]) IS 'Gives a role a level (reader, agent, lead, admin, auditor) and takes what it had before: rights as in triage.access_matrix, and the tickets of these tenants, NULL for all. For the owner of schema triage.';
REVOKE ALL ON FUNCTION triage.grant_access(regrole, text, text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.refresh_access()
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
    n integer := 0;
BEGIN
    FOR a IN SELECT r.* FROM triage.role_access r ORDER BY r.role LOOP
        IF EXISTS (SELECT FROM pg_roles p WHERE p.oid = a.role) THEN
            PERFORM triage.grant_access(a.role, a.level::text, a.tenants);
            n := n + 1;
        ELSE
            DELETE FROM triage.role_access r WHERE r.role = a.role;
        END IF;
    END LOOP;
    RETURN n;
END
$$;
COMMENT ON FUNCTION triage.refresh_access() IS 'Grants every role its level anew, as after an update of the extension, which may bring tables and functions, and forgets roles that are gone. Returns how many roles there are.';
REVOKE ALL ON FUNCTION triage.refresh_access() FROM PUBLIC;
