-- src/worker/worker_api.sql: starting and stopping the worker, what it does, how it is

CREATE OR REPLACE FUNCTION triage.worker_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_worker_changed';
COMMENT ON FUNCTION triage.worker_changed() IS 'Trigger of triage.worker and triage.task: wakes the worker of this database, and has the launcher look whether there is to be one.';
REVOKE ALL ON FUNCTION triage.worker_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER worker_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON triage.worker
FOR EACH STATEMENT EXECUTE FUNCTION triage.worker_changed();
CREATE OR REPLACE TRIGGER task_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON triage.task
FOR EACH STATEMENT EXECUTE FUNCTION triage.worker_changed();

CREATE OR REPLACE FUNCTION triage.task_check()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidate record;
    function_oid oid;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.changed_at := triage.now();
        NEW.changed_by := session_user;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.function = OLD.function THEN
        RETURN NEW;
    END IF;
    IF NOT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'triage'), 'USAGE') THEN
        RAISE EXCEPTION 'only the owner of schema triage may say what a task runs'
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'Tasks run with that owner''s rights.';
    END IF;
    BEGIN
        function_oid := to_regprocedure(NEW.function);
    EXCEPTION
        WHEN syntax_error OR invalid_text_representation OR invalid_name OR undefined_object THEN
            NULL; -- newer servers give NULL by themselves
    END;
    SELECT p.prorettype, p.prokind, p.pronargs, p.proretset INTO candidate FROM pg_proc p WHERE p.oid = function_oid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'function "%" does not exist', NEW.function
            USING ERRCODE = 'undefined_function',
                  HINT = 'Give it with its schema and without arguments, as in triage.tend_clocks().';
    END IF;
    IF candidate.prorettype <> 'timestamptz'::regtype OR candidate.prokind <> 'f' OR candidate.pronargs <> 0 OR candidate.proretset THEN
        RAISE EXCEPTION 'function "%" is no task', NEW.function
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = 'A task is a function without arguments that returns timestamp with time zone.';
    END IF;
    IF TG_OP = 'INSERT' THEN
        DELETE FROM triage.task WHERE name = NEW.name AND changed_at IS NULL;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION triage.task_check() IS 'Trigger of triage.task: only the owner of schema triage says what is run, and it must be a function that can be; notes who changed a task when; an INSERT takes the place of a row that is as it shipped, as a restore needs it.';
REVOKE ALL ON FUNCTION triage.task_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER task_check
BEFORE INSERT OR UPDATE ON triage.task
FOR EACH ROW EXECUTE FUNCTION triage.task_check();

CREATE OR REPLACE FUNCTION triage.start_worker()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_start_worker';
COMMENT ON FUNCTION triage.start_worker() IS 'Has a background worker run in this database from the commit on; nothing changes when one does. Without shared_preload_libraries it must be called again after each start of the server. triage.worker_status shows it.';
REVOKE ALL ON FUNCTION triage.start_worker() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.stop_worker()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_stop_worker';
COMMENT ON FUNCTION triage.stop_worker() IS 'Has the background worker of this database leave after the commit, when it has finished the task that it is running, and none be started until triage.start_worker() is called. triage.tick() goes on working.';
REVOKE ALL ON FUNCTION triage.stop_worker() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.wake_worker()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_wake_worker_sql';
COMMENT ON FUNCTION triage.wake_worker() IS 'Has the worker of this database run its tasks as soon as the present transaction has committed. What makes work for it calls this by itself.';
REVOKE ALL ON FUNCTION triage.wake_worker() FROM PUBLIC;

CREATE OR REPLACE PROCEDURE triage.tick(max_time interval DEFAULT '1 minute')
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_tick';
COMMENT ON PROCEDURE triage.tick(interval) IS 'Runs the tasks that are due, as the worker does, for any scheduler: call it every few seconds or minutes where no worker can run. Each run is a transaction of its own. A task that fails gives a warning and is noted, the others go on. Begins no run after max_time. Tasks that a worker or another tick is running are passed over.';
REVOKE ALL ON PROCEDURE triage.tick(interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_clocks()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_tend_clocks';
COMMENT ON FUNCTION triage.tend_clocks() IS 'Task of the worker: escalates tickets for which triage.sla_check() gives a warning or a breach, at most 1000 at a time. Returns when the next one is due.';
REVOKE ALL ON FUNCTION triage.tend_clocks() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_assignments()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_tend_assignments';
COMMENT ON FUNCTION triage.tend_assignments() IS 'Task of the worker: triage.assign_tickets(1000), which gives waiting tickets to agents who are there. Where agents take tickets by themselves, with triage.claim_ticket, disable it in triage.task.';
REVOKE ALL ON FUNCTION triage.tend_assignments() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_queues()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_tend_queues';
COMMENT ON FUNCTION triage.tend_queues() IS 'Task of the worker: takes tickets back from agents who were not heard of, and sends tickets that waited too long to the overflow queue, at most 1000 at a time. Returns when the next agent is lost unless heard of.';
REVOKE ALL ON FUNCTION triage.tend_queues() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_waiting_alerts()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_tend_waiting_alerts';
COMMENT ON FUNCTION triage.tend_waiting_alerts() IS 'Task of the worker: triage.check_waiting().';
REVOKE ALL ON FUNCTION triage.tend_waiting_alerts() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_signatures()
RETURNS timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT triage.prune_signatures();
    SELECT NULL::timestamptz
$$;
COMMENT ON FUNCTION triage.tend_signatures() IS 'Task of the worker: triage.prune_signatures().';
REVOKE ALL ON FUNCTION triage.tend_signatures() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_intent_history()
RETURNS timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT triage.learn_intent_history();
    SELECT NULL::timestamptz
$$;
COMMENT ON FUNCTION triage.tend_intent_history() IS 'Task of the worker: triage.learn_intent_history().';
REVOKE ALL ON FUNCTION triage.tend_intent_history() FROM PUBLIC;

CREATE OR REPLACE VIEW triage.task_status WITH (security_invoker = true) AS
SELECT t.name, t.enabled, t.run_every, t.on_wake, s.last_started, s.last_finished, s.last_duration,
       s.last_error, s.last_error_at, coalesce(s.failures, 0) AS failures, s.next_due,
       CASE WHEN t.enabled THEN greatest(pg_catalog.clock_timestamp() - s.next_due, '0') END AS lag
FROM triage.task t LEFT JOIN triage.task_state s ON s.task = t.name;
COMMENT ON VIEW triage.task_status IS 'The tasks of the worker and how each is doing.';
COMMENT ON COLUMN triage.task_status.name IS 'Name of the task.';
COMMENT ON COLUMN triage.task_status.enabled IS 'Whether it is run.';
COMMENT ON COLUMN triage.task_status.run_every IS 'It is run so often at least.';
COMMENT ON COLUMN triage.task_status.on_wake IS 'Whether it is run when the worker is woken.';
COMMENT ON COLUMN triage.task_status.last_started IS 'When it was started last; NULL: never.';
COMMENT ON COLUMN triage.task_status.last_finished IS 'When it was finished, or failed.';
COMMENT ON COLUMN triage.task_status.last_duration IS 'How long it took.';
COMMENT ON COLUMN triage.task_status.last_error IS 'Message of the last error, however long ago.';
COMMENT ON COLUMN triage.task_status.last_error_at IS 'When that was.';
COMMENT ON COLUMN triage.task_status.failures IS 'How often it failed since it succeeded last; 0 when all is well.';
COMMENT ON COLUMN triage.task_status.next_due IS 'When it is to run again, if nobody wakes the worker before.';
COMMENT ON COLUMN triage.task_status.lag IS 'How long it has been due and was not run; NULL when it is not enabled.';

-- The lock that makes a worker the only one tells whether it is there: class 21332, which no SQL function takes.
CREATE OR REPLACE VIEW triage.worker_status WITH (security_invoker = true) AS
SELECT l.pid,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby'
            WHEN l.pid IS NULL AND NOT w.wanted THEN 'stopped'
            WHEN l.pid IS NULL THEN 'not running'
            WHEN w.restored_by IS NOT NULL THEN 'held back'
            WHEN b.pid IS NOT NULL THEN 'working'
            ELSE 'waiting' END AS state,
       CASE WHEN l.pid = w.pid THEN w.started_at END AS since,
       e.task AS last_error_task, e.last_error, e.last_error_at,
       t.failing, t.lag, t.next_due
FROM triage.worker w
LEFT JOIN (SELECT k.pid FROM pg_catalog.pg_locks k
           WHERE k.locktype = 'advisory' AND k.classid = 0 AND k.objid = 0 AND k.objsubid = 21332 AND k.granted
             AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          ) l ON true
LEFT JOIN (SELECT DISTINCT k.pid FROM pg_catalog.pg_locks k
           WHERE k.locktype = 'advisory' AND k.classid = 1 AND k.objsubid = 21332 AND k.granted
             AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          ) b ON b.pid = l.pid
LEFT JOIN (SELECT s.task, s.last_error, s.last_error_at FROM triage.task_state s
           WHERE s.last_error IS NOT NULL ORDER BY s.last_error_at DESC LIMIT 1) e ON true
CROSS JOIN (SELECT pg_catalog.count(*) FILTER (WHERE k.failures > 0) AS failing,
                   coalesce(pg_catalog.max(k.lag), '0') AS lag, pg_catalog.min(k.next_due) AS next_due
            FROM triage.task_status k WHERE k.enabled) t;
COMMENT ON VIEW triage.worker_status IS 'How the background worker of this database is: one row.';
COMMENT ON COLUMN triage.worker_status.pid IS 'Its process; NULL when it does not run.';
COMMENT ON COLUMN triage.worker_status.state IS 'working (running a task), waiting (for the next that is due, or to be woken), held back (a restore is going on), stopped (by triage.stop_worker()), not running, or standby (a standby has none).';
COMMENT ON COLUMN triage.worker_status.since IS 'When it was started.';
COMMENT ON COLUMN triage.worker_status.last_error_task IS 'The task that failed last, however long ago.';
COMMENT ON COLUMN triage.worker_status.last_error IS 'Why it failed.';
COMMENT ON COLUMN triage.worker_status.last_error_at IS 'When it failed.';
COMMENT ON COLUMN triage.worker_status.failing IS 'How many tasks failed at their last run; 0 when all is well.';
COMMENT ON COLUMN triage.worker_status.lag IS 'How long the task that is most behind has been due: seconds when all is well.';
COMMENT ON COLUMN triage.worker_status.next_due IS 'When the next task is due.';

-- The row comes last, when its triggers are there.  What pg_dump writes turns row_security off.
INSERT INTO triage.worker (restored_by, restored_by_since)
SELECT a.pid, a.backend_start
FROM (VALUES (true)) AS one
LEFT JOIN pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS a ON pg_catalog.current_setting('row_security') = 'off';
