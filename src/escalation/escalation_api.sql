-- src/escalation/escalation_api.sql: queueing, claiming and finishing escalations

CREATE OR REPLACE FUNCTION triage.enqueue_escalation(
    tenant_id text,
    source_id integer,
    ticket_key text,
    cause text,
    reason text,
    priority integer DEFAULT 50,
    queue text DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_enqueue_escalation';
COMMENT ON FUNCTION triage.enqueue_escalation(text, integer, text, text, text, integer, text) IS 'Queues a ticket for a person, in this transaction, without a look at the ticket; triage.escalate looks. Listeners on triage_escalation are notified at commit. Returns the escalation_id; that of the open escalation when ticket and cause are queued already, or of the finished one while the cause cools down. Errors: invalid_parameter_value for an empty cause or a priority not from 0 to 100, undefined_object for an unknown queue.';
REVOKE ALL ON FUNCTION triage.enqueue_escalation(text, integer, text, text, text, integer, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.enqueue_escalations(
    source_id integer,
    tenant_ids text[],
    ticket_keys text[],
    causes text[],
    reasons text[],
    priorities integer[],
    queue text DEFAULT NULL)
RETURNS integer
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_enqueue_escalations';
COMMENT ON FUNCTION triage.enqueue_escalations(integer, text[], text[], text[], text[], integer[], text) IS 'The same for many tickets of a source at once, by arrays of one length. Returns how many are new.';
REVOKE ALL ON FUNCTION triage.enqueue_escalations(integer, text[], text[], text[], text[], integer[], text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.claim_escalations(
    worker text,
    queue text DEFAULT NULL,
    batch integer DEFAULT 1,
    lease interval DEFAULT '5 minutes')
RETURNS SETOF triage.escalation
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'st_claim_escalations';
COMMENT ON FUNCTION triage.claim_escalations(text, text, integer, interval) IS 'The next escalations for a worker, at most batch (1 to 1000): those that are due and that nobody holds, of one queue or of all, in the order of priority, when due, and age. They are the worker''s until the lease is over (30 days at most) or it completes, fails, releases or extends them. Never waits for other workers. Each claim is an attempt; a lease that ran out is one that failed. At least once: who is late may find that another has it. Errors: invalid_parameter_value, undefined_object for an unknown queue.';
REVOKE ALL ON FUNCTION triage.claim_escalations(text, text, integer, interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complete_escalation(
    escalation_id bigint,
    worker text,
    outcome text DEFAULT NULL,
    lease_token bigint DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_complete_escalation';
COMMENT ON FUNCTION triage.complete_escalation(bigint, text, text, bigint) IS 'An escalation that the worker holds is done; it goes to triage.escalation_history with its outcome. With the lease token of the claim only that holding counts, without it any of the worker''s name. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.complete_escalation(bigint, text, text, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complete_escalations(
    escalation_ids bigint[],
    worker text,
    outcome text DEFAULT NULL,
    lease_token bigint DEFAULT NULL)
RETURNS integer
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_complete_escalations';
COMMENT ON FUNCTION triage.complete_escalations(bigint[], text, text, bigint) IS 'The same for several, all or none. Returns how many. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.complete_escalations(bigint[], text, text, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.fail_escalation(
    escalation_id bigint,
    worker text,
    error text,
    retry_after interval DEFAULT NULL,
    lease_token bigint DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_fail_escalation';
COMMENT ON FUNCTION triage.fail_escalation(bigint, text, text, interval, bigint) IS 'What the worker tried failed: the error goes to the log, and the escalation waits for the next try, which is returned: after retry_after, or as triage.escalation_policy says. After the last attempt that the policy allows it goes to triage.escalation_dead, and NULL is returned. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.fail_escalation(bigint, text, text, interval, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.release_escalation(
    escalation_id bigint,
    worker text,
    lease_token bigint DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_release_escalation';
COMMENT ON FUNCTION triage.release_escalation(bigint, text, bigint) IS 'The worker gives back what it holds; this attempt does not count. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.release_escalation(bigint, text, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.extend_escalation(
    escalation_id bigint,
    worker text,
    lease interval DEFAULT '5 minutes',
    lease_token bigint DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_extend_escalation';
COMMENT ON FUNCTION triage.extend_escalation(bigint, text, interval, bigint) IS 'The worker needs longer: the lease is over at the returned time, lease from now. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.extend_escalation(bigint, text, interval, bigint) FROM PUBLIC;

CREATE OR REPLACE TRIGGER escalation_policy_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_policy_truncated
AFTER TRUNCATE ON triage.escalation_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_policy ENABLE ALWAYS TRIGGER escalation_policy_changed;
ALTER TABLE triage.escalation_policy ENABLE ALWAYS TRIGGER escalation_policy_truncated;
CREATE OR REPLACE TRIGGER escalation_step_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_step
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_step_truncated
AFTER TRUNCATE ON triage.escalation_step
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_step ENABLE ALWAYS TRIGGER escalation_step_changed;
ALTER TABLE triage.escalation_step ENABLE ALWAYS TRIGGER escalation_step_truncated;
CREATE OR REPLACE TRIGGER escalation_turn_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_turn
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_turn_truncated
AFTER TRUNCATE ON triage.escalation_turn
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_turn ENABLE ALWAYS TRIGGER escalation_turn_changed;
ALTER TABLE triage.escalation_turn ENABLE ALWAYS TRIGGER escalation_turn_truncated;
CREATE OR REPLACE TRIGGER escalation_settings_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_settings
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_settings_truncated
AFTER TRUNCATE ON triage.escalation_settings
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_settings ENABLE ALWAYS TRIGGER escalation_settings_changed;
ALTER TABLE triage.escalation_settings ENABLE ALWAYS TRIGGER escalation_settings_truncated;

CREATE OR REPLACE FUNCTION triage.tend_escalations()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_tend_escalations';
COMMENT ON FUNCTION triage.tend_escalations() IS 'Does what the queue needs from time to time: escalations whose lease ran out wait again or are given up, those that nobody acknowledged go up their ladder, listeners on triage_escalation are told of both and of retries that are due, and what is older than triage.escalation_settings.retention leaves the history. At most 1000 of each a call. Returns when it has work again, NULL when nothing is open.';
REVOKE ALL ON FUNCTION triage.tend_escalations() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.escalation_rank(due_at timestamptz, priority integer)
RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_escalation_rank_sql';
COMMENT ON FUNCTION triage.escalation_rank(timestamptz, integer) IS 'What escalations are ordered by: due_at, less an hour for each triage.escalation_settings.ageing points of priority.';
REVOKE ALL ON FUNCTION triage.escalation_rank(timestamptz, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.require_escalation(escalation_id bigint)
RETURNS void
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_require_escalation';
COMMENT ON FUNCTION triage.require_escalation(bigint) IS 'Throws undefined_object when the caller may not see the ticket of an escalation that is open or dead. Asked by functions that run as the owner.';
REVOKE ALL ON FUNCTION triage.require_escalation(bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.acknowledge_escalation(escalation_id bigint, who text DEFAULT session_user)
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    seen timestamptz;
BEGIN
    PERFORM triage.require_escalation(acknowledge_escalation.escalation_id);
    UPDATE triage.escalation e
    SET acknowledged_by = coalesce(e.acknowledged_by, who), acknowledged_at = coalesce(e.acknowledged_at, triage.now()), step_at = NULL
    WHERE e.escalation_id = acknowledge_escalation.escalation_id
    RETURNING e.acknowledged_at INTO seen;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('escalation %s is not open', acknowledge_escalation.escalation_id),
            DETAIL = 'It is finished, was given up, or never was.';
    END IF;
    RETURN seen;
END
$$;
COMMENT ON FUNCTION triage.acknowledge_escalation(bigint, text) IS 'Somebody has seen an open escalation: it climbs its ladder no further. Returns when it was acknowledged first. Errors: object_not_in_prerequisite_state when it is not open.';
REVOKE ALL ON FUNCTION triage.acknowledge_escalation(bigint, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.deescalate(escalation_id bigint, why text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    e triage.escalation;
    before jsonb;
BEGIN
    PERFORM triage.require_escalation(deescalate.escalation_id);
    SELECT * INTO e FROM triage.escalation o WHERE o.escalation_id = deescalate.escalation_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('escalation %s is not open', deescalate.escalation_id),
            DETAIL = 'It is finished, was given up, or never was.';
    END IF;
    IF e.level = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('escalation %s is at the foot of its ladder', deescalate.escalation_id),
            HINT = 'End it by triage.cancel_escalation if it needs nobody any more.';
    END IF;
    SELECT l.entry INTO before
    FROM jsonb_array_elements(e.log) WITH ORDINALITY AS l (entry, position)
    WHERE l.entry ->> 'what' = 'stepped_up' AND (l.entry ->> 'level')::int = e.level
    ORDER BY l.position DESC LIMIT 1;
    UPDATE triage.escalation o
    SET level = e.level - 1,
        priority = (before ->> 'priority')::smallint,
        queue_id = (before ->> 'queue_id')::int,
        reason = before ->> 'reason',
        rank = triage.escalation_rank(e.due_at, (before ->> 'priority')::int),
        step_at = NULL,
        log = e.log || jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
            'at', triage.now(), 'what', 'stepped_down', 'by', session_user::text, 'level', e.level - 1, 'text', why)))
    WHERE o.escalation_id = e.escalation_id;
    RETURN e.level - 1;
END
$$;
COMMENT ON FUNCTION triage.deescalate(bigint, text) IS 'An open escalation goes one step of its ladder back: it has the priority, queue and reason from before that step, and climbs no further. Returns its level. Errors: object_not_in_prerequisite_state when it is not open or has not climbed.';
REVOKE ALL ON FUNCTION triage.deescalate(bigint, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.requeue_escalation(escalation_id bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    d triage.escalation_dead;
    entry jsonb := jsonb_build_array(jsonb_build_object('at', triage.now(), 'what', 'requeued', 'by', session_user::text));
    other bigint;
BEGIN
    PERFORM triage.require_escalation(requeue_escalation.escalation_id);
    -- one that waits for its next try
    UPDATE triage.escalation e
    SET due_at = triage.now(), rank = triage.escalation_rank(triage.now(), e.priority), log = coalesce(e.log, '[]') || entry
    WHERE e.escalation_id = requeue_escalation.escalation_id AND e.status = 'waiting';
    IF NOT FOUND THEN
        DELETE FROM triage.escalation_dead x WHERE x.escalation_id = requeue_escalation.escalation_id RETURNING * INTO d;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('escalation %s cannot be queued again', requeue_escalation.escalation_id),
                DETAIL = 'It is neither waiting nor among the dead letters.';
        END IF;
        INSERT INTO triage.escalation (escalation_id, tenant_id, source_id, ticket_key, cause, reason, priority, queue_id, created_at,
            due_at, rank, leases_run_out, level, acknowledged_by, acknowledged_at, log)
        VALUES (d.escalation_id, d.tenant_id, d.source_id, d.ticket_key, d.cause, d.reason, d.priority, d.queue_id, d.created_at,
            triage.now(), triage.escalation_rank(triage.now(), d.priority), d.leases_run_out, d.level, d.acknowledged_by,
            d.acknowledged_at, coalesce(d.log, '[]') || entry)
        ON CONFLICT (ticket_key, tenant_id, source_id, cause) DO NOTHING;
        IF NOT FOUND THEN
            SELECT e.escalation_id INTO other FROM triage.escalation e
            WHERE (e.ticket_key, e.tenant_id, e.source_id, e.cause) = (d.ticket_key, d.tenant_id, d.source_id, d.cause);
            RAISE EXCEPTION USING
                ERRCODE = 'unique_violation',
                MESSAGE = format('escalation %s cannot be queued again', d.escalation_id),
                DETAIL = format('Escalation %s is open for the same ticket and cause.', other),
                HINT = 'End the dead one by triage.cancel_escalation.';
        END IF;
    END IF;
    PERFORM pg_notify('triage_escalation', '');
END
$$;
COMMENT ON FUNCTION triage.requeue_escalation(bigint) IS 'Puts a dead letter back into the queue, with its attempts to come anew and its log; one that waits for its next try is due at once. Errors: object_not_in_prerequisite_state when it is neither, unique_violation when the ticket is escalated for the same cause again already.';
REVOKE ALL ON FUNCTION triage.requeue_escalation(bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.cancel_escalation(escalation_id bigint, why text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM triage.require_escalation(cancel_escalation.escalation_id);
    WITH open AS (
        DELETE FROM triage.escalation o WHERE o.escalation_id = cancel_escalation.escalation_id RETURNING o.*
    ), dead AS (
        DELETE FROM triage.escalation_dead d WHERE d.escalation_id = cancel_escalation.escalation_id RETURNING d.*
    )
    INSERT INTO triage.escalation_history (slot, escalation_id, tenant_id, source_id, ticket_key, cause, reason, priority, queue_id,
        created_at, finished_at, status, finished_by, outcome, attempts, leases_run_out, level, acknowledged_by, acknowledged_at,
        claimed_by, claimed_at, log)
    SELECT (SELECT coalesce(max(t.turn), 0) % 8 FROM triage.escalation_turn t), x.escalation_id, x.tenant_id, x.source_id,
           x.ticket_key, x.cause, x.reason, x.priority, x.queue_id, x.created_at, triage.now(), 'cancelled', session_user, why,
           x.attempts, x.leases_run_out, x.level, x.acknowledged_by, x.acknowledged_at, x.claimed_by, x.claimed_at, x.log
    FROM (SELECT o.escalation_id, o.tenant_id, o.source_id, o.ticket_key, o.cause, o.reason, o.priority, o.queue_id, o.created_at,
                 o.attempts, o.leases_run_out, o.level, o.acknowledged_by, o.acknowledged_at, o.claimed_by, o.claimed_at, o.log
          FROM open o
          UNION ALL
          SELECT d.escalation_id, d.tenant_id, d.source_id, d.ticket_key, d.cause, d.reason, d.priority, d.queue_id, d.created_at,
                 d.attempts, d.leases_run_out, d.level, d.acknowledged_by, d.acknowledged_at, d.claimed_by, d.claimed_at, d.log
          FROM dead d) AS x;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION triage.cancel_escalation(bigint, text) IS 'Ends an escalation that needs nobody any more, whoever holds it, or a dead letter; it goes to triage.escalation_history as cancelled, with why. Returns false when there is none of that number that is open or dead.';
REVOKE ALL ON FUNCTION triage.cancel_escalation(bigint, text) FROM PUBLIC;

CREATE OR REPLACE VIEW triage.escalation_all WITH (security_invoker = true) AS
SELECT e.escalation_id, e.tenant_id, e.source_id, e.ticket_key, e.cause, e.reason, e.priority, e.queue_id, e.created_at, e.status,
       e.due_at, NULL::timestamptz AS ended_at, NULL::text AS ended_by, NULL::text AS outcome, e.attempts, e.leases_run_out, e.level,
       e.acknowledged_by, e.acknowledged_at, e.claimed_by, e.claimed_at, e.log
FROM triage.escalation e
UNION ALL
SELECT d.escalation_id, d.tenant_id, d.source_id, d.ticket_key, d.cause, d.reason, d.priority, d.queue_id, d.created_at, 'dead',
       NULL, d.died_at, NULL, d.why, d.attempts, d.leases_run_out, d.level,
       d.acknowledged_by, d.acknowledged_at, d.claimed_by, d.claimed_at, d.log
FROM triage.escalation_dead d
UNION ALL
SELECT h.escalation_id, h.tenant_id, h.source_id, h.ticket_key, h.cause, h.reason, h.priority, h.queue_id, h.created_at, h.status,
       NULL, h.finished_at, h.finished_by, h.outcome, h.attempts, h.leases_run_out, h.level,
       h.acknowledged_by, h.acknowledged_at, h.claimed_by, h.claimed_at, h.log
FROM triage.escalation_history h;
COMMENT ON VIEW triage.escalation_all IS 'All escalations: open ones, dead letters, and what the history has of finished ones.';
COMMENT ON COLUMN triage.escalation_all.escalation_id IS 'Identity.';
COMMENT ON COLUMN triage.escalation_all.tenant_id IS 'Tenant of the ticket.';
COMMENT ON COLUMN triage.escalation_all.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.escalation_all.ticket_key IS 'Key of the ticket.';
COMMENT ON COLUMN triage.escalation_all.cause IS 'What asked for it.';
COMMENT ON COLUMN triage.escalation_all.reason IS 'Why.';
COMMENT ON COLUMN triage.escalation_all.priority IS '0 to 100.';
COMMENT ON COLUMN triage.escalation_all.queue_id IS 'Queue: triage.queue.queue_id.';
COMMENT ON COLUMN triage.escalation_all.created_at IS 'When it was queued.';
COMMENT ON COLUMN triage.escalation_all.status IS 'Where it is in its life.';
COMMENT ON COLUMN triage.escalation_all.due_at IS 'Of open ones: when it may be claimed.';
COMMENT ON COLUMN triage.escalation_all.ended_at IS 'When it was finished or given up; NULL while open.';
COMMENT ON COLUMN triage.escalation_all.ended_by IS 'Who completed or cancelled it.';
COMMENT ON COLUMN triage.escalation_all.outcome IS 'What came of it; of dead letters the last error.';
COMMENT ON COLUMN triage.escalation_all.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN triage.escalation_all.leases_run_out IS 'How often a lease of it ran out.';
COMMENT ON COLUMN triage.escalation_all.level IS 'Steps of its ladder that it has gone.';
COMMENT ON COLUMN triage.escalation_all.acknowledged_by IS 'Who said to have seen it.';
COMMENT ON COLUMN triage.escalation_all.acknowledged_at IS 'When.';
COMMENT ON COLUMN triage.escalation_all.claimed_by IS 'The worker who had it last.';
COMMENT ON COLUMN triage.escalation_all.claimed_at IS 'When it was claimed last.';
COMMENT ON COLUMN triage.escalation_all.log IS 'What befell it: see triage.escalation.';
REVOKE ALL ON triage.escalation_all FROM PUBLIC;

CREATE OR REPLACE VIEW triage.queue_health WITH (security_invoker = true) AS
SELECT o.waiting,
       o.due,
       o.waiting - o.due                               AS delayed,
       o.claimed,
       o.leases_over,
       o.leases_run_out,
       o.oldest_due_at,
       triage.now() - o.oldest_due_at                  AS oldest_age,
       o.unacknowledged_steps,
       (SELECT pg_catalog.count(*) FROM triage.escalation_dead) AS dead_letters,
       s.n_live_tup                                    AS live_tuples,
       s.n_dead_tup                                    AS dead_tuples,
       greatest(s.last_vacuum, s.last_autovacuum)      AS last_vacuum,
       pg_catalog.pg_table_size('triage.escalation'::regclass)   AS table_bytes,
       pg_catalog.pg_indexes_size('triage.escalation'::regclass) AS index_bytes,
       x.age                                           AS oldest_xmin_age,
       x.held_by                                       AS oldest_xmin_held_by
FROM (SELECT pg_catalog.count(*) FILTER (WHERE e.status = 'waiting')                                 AS waiting,
             pg_catalog.count(*) FILTER (WHERE e.status = 'waiting' AND e.due_at <= triage.now())    AS due,
             pg_catalog.count(*) FILTER (WHERE e.status = 'claimed')                                 AS claimed,
             pg_catalog.count(*) FILTER (WHERE e.status = 'claimed' AND e.lease_until <= triage.now()) AS leases_over,
             coalesce(pg_catalog.sum(e.leases_run_out), 0)                                           AS leases_run_out,
             pg_catalog.min(e.due_at) FILTER (WHERE e.status = 'waiting' AND e.due_at <= triage.now()) AS oldest_due_at,
             pg_catalog.count(*) FILTER (WHERE e.level > 0 AND e.acknowledged_at IS NULL)            AS unacknowledged_steps
      FROM triage.escalation e) AS o
LEFT JOIN pg_catalog.pg_stat_user_tables s ON s.relid = 'triage.escalation'::regclass
LEFT JOIN (
    SELECT h.age, h.held_by
    FROM (SELECT pg_catalog.age(a.backend_xmin) AS age, pg_catalog.format('session %s (%s)', a.pid, a.usename) AS held_by
          FROM pg_catalog.pg_stat_activity a WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
          UNION ALL
          SELECT pg_catalog.age(r.xmin), pg_catalog.format('replication slot %s', r.slot_name)
          FROM pg_catalog.pg_replication_slots r WHERE r.xmin IS NOT NULL
          UNION ALL
          SELECT pg_catalog.age(p.transaction), pg_catalog.format('prepared transaction %s', p.gid)
          FROM pg_catalog.pg_prepared_xacts p) AS h
    ORDER BY h.age DESC LIMIT 1) AS x ON true;
COMMENT ON VIEW triage.queue_health IS 'The state of the escalation queue in one row: what to watch and to alert on. Who holds an old snapshot is seen by who may read pg_stat_activity of others (pg_read_all_stats).';
COMMENT ON COLUMN triage.queue_health.waiting IS 'Escalations that nobody holds.';
COMMENT ON COLUMN triage.queue_health.due IS 'Those of them that may be claimed now.';
COMMENT ON COLUMN triage.queue_health.delayed IS 'Those that wait for their next try.';
COMMENT ON COLUMN triage.queue_health.claimed IS 'Escalations under a lease.';
COMMENT ON COLUMN triage.queue_health.leases_over IS 'Those whose lease is over and that nobody has taken since.';
COMMENT ON COLUMN triage.queue_health.leases_run_out IS 'How often leases of those that are open ran out.';
COMMENT ON COLUMN triage.queue_health.oldest_due_at IS 'Since when the oldest of those that are due is; NULL when none is.';
COMMENT ON COLUMN triage.queue_health.oldest_age IS 'How long that is ago.';
COMMENT ON COLUMN triage.queue_health.unacknowledged_steps IS 'Open escalations that climbed their ladder and that nobody has acknowledged.';
COMMENT ON COLUMN triage.queue_health.dead_letters IS 'Escalations that were given up: triage.escalation_dead.';
COMMENT ON COLUMN triage.queue_health.live_tuples IS 'Rows of triage.escalation, as statistics have it.';
COMMENT ON COLUMN triage.queue_health.dead_tuples IS 'Its dead rows, as statistics have it.';
COMMENT ON COLUMN triage.queue_health.last_vacuum IS 'When it was vacuumed last.';
COMMENT ON COLUMN triage.queue_health.table_bytes IS 'Its size with TOAST.';
COMMENT ON COLUMN triage.queue_health.index_bytes IS 'Size of its indexes.';
COMMENT ON COLUMN triage.queue_health.oldest_xmin_age IS 'Age in transactions of the oldest snapshot that another session, a slot or a prepared transaction holds: rows that died since cannot be vacuumed. NULL: none.';
COMMENT ON COLUMN triage.queue_health.oldest_xmin_held_by IS 'Who holds it.';
REVOKE ALL ON triage.queue_health FROM PUBLIC;
