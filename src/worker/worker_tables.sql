-- src/worker/worker_tables.sql: the worker, and the tasks that it runs

CREATE TABLE triage.worker (
    single            boolean PRIMARY KEY DEFAULT true CHECK (single),
    wanted            boolean NOT NULL DEFAULT true,
    restored_by       integer,
    restored_by_since timestamptz,
    quiet_since       timestamptz,
    pid               integer,
    procno            integer,
    started_at        timestamptz
);
COMMENT ON TABLE triage.worker IS 'The background worker of this database: one row. triage.start_worker() and triage.stop_worker() change it, triage.worker_status shows it.';
COMMENT ON COLUMN triage.worker.single IS 'There is one row.';
COMMENT ON COLUMN triage.worker.wanted IS 'Whether a worker may run here: false after triage.stop_worker().';
COMMENT ON COLUMN triage.worker.restored_by IS 'Process of the restore that created the extension here: no task is run until it has ended. NULL when there is none.';
COMMENT ON COLUMN triage.worker.restored_by_since IS 'When that process began.';
COMMENT ON COLUMN triage.worker.quiet_since IS 'Since when nothing is seen of a restore; after five seconds it is over.';
COMMENT ON COLUMN triage.worker.pid IS 'Process of the worker that was started last. It may be gone: triage.worker_status knows.';
COMMENT ON COLUMN triage.worker.procno IS 'The server''s number for that process, by which sessions wake it.';
COMMENT ON COLUMN triage.worker.started_at IS 'When it began.';

CREATE TABLE triage.task (
    name        text PRIMARY KEY CHECK (name <> ''),
    function    text NOT NULL,
    run_every   interval NOT NULL CHECK (run_every >= '1 second' AND run_every <= '366 days'),
    on_wake     boolean NOT NULL DEFAULT true,
    enabled     boolean NOT NULL DEFAULT true,
    description text,
    changed_at  timestamptz DEFAULT pg_catalog.now(),
    changed_by  name DEFAULT session_user
);
COMMENT ON TABLE triage.task IS 'What the worker does, and triage.tick(). How often, and whether at all, may be changed; further tasks may be added by the owner of schema triage.';
COMMENT ON COLUMN triage.task.name IS 'Name, for people.';
COMMENT ON COLUMN triage.task.function IS 'A function without arguments, as schema.name(), that does a part of the work and returns when it has more: an instant (not after now: at once, in another transaction), or NULL for not before it is woken or run_every is over. It belongs to the extension, or its owner is a superuser or the owner of schema triage, whose rights it runs with.';
COMMENT ON COLUMN triage.task.run_every IS 'It is run so often at least, whether there is work or not; 1 second to 366 days. A month counts 30 days.';
COMMENT ON COLUMN triage.task.on_wake IS 'Whether it is run too when a transaction that made work for the worker commits.';
COMMENT ON COLUMN triage.task.enabled IS 'Whether it is run at all.';
COMMENT ON COLUMN triage.task.description IS 'What it is for.';
COMMENT ON COLUMN triage.task.changed_at IS 'When it was changed last; NULL as shipped.';
COMMENT ON COLUMN triage.task.changed_by IS 'Who changed it last; NULL as shipped.';

-- apart from triage.task, so that who changes that one's row does not hold up the worker
CREATE TABLE triage.task_state (
    task          text PRIMARY KEY REFERENCES triage.task ON UPDATE CASCADE ON DELETE CASCADE,
    last_started  timestamptz NOT NULL,
    last_finished timestamptz NOT NULL,
    last_duration interval NOT NULL,
    last_error    text,
    last_error_at timestamptz,
    failures      integer NOT NULL,
    runs          bigint NOT NULL,
    next_due      timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE triage.task_state IS 'What came of each task''s last run. Runs that were woken and found nothing to do are noted once a minute at most.';
COMMENT ON COLUMN triage.task_state.task IS 'The task: triage.task.name.';
COMMENT ON COLUMN triage.task_state.last_started IS 'When it was started last.';
COMMENT ON COLUMN triage.task_state.last_finished IS 'When it was finished, or failed.';
COMMENT ON COLUMN triage.task_state.last_duration IS 'How long it took.';
COMMENT ON COLUMN triage.task_state.last_error IS 'Message of the last error, however long ago; NULL: there was none.';
COMMENT ON COLUMN triage.task_state.last_error_at IS 'When that was.';
COMMENT ON COLUMN triage.task_state.failures IS 'How often it failed since it succeeded last: 0 when all is well. After each failure it is left alone twice as long, from a second up to ten minutes.';
COMMENT ON COLUMN triage.task_state.runs IS 'How many runs were noted.';
COMMENT ON COLUMN triage.task_state.next_due IS 'When it is to run again, if nobody wakes the worker before.';

INSERT INTO triage.task (name, function, run_every, on_wake, description, changed_at, changed_by)
SELECT name, function, run_every::interval, on_wake, description, NULL, NULL
FROM (VALUES
    ('backlog', 'triage.decide_backlog()', '30 seconds', true, 'Decides the tickets that tables attached with mode "deferred" have noted'),
    ('automation', 'triage.tend_automation()', '5 minutes', true, 'Solves the thresholds of automation where policies, models or evidence are new'),
    ('clocks', 'triage.tend_clocks()', '1 minute', true, 'Escalates tickets whose deadlines come near or are over'),
    ('assignments', 'triage.tend_assignments()', '30 seconds', true, 'Gives waiting tickets to agents'),
    ('queues', 'triage.tend_queues()', '15 seconds', true, 'Takes tickets back from agents who are gone, sends those that waited too long to the overflow queue'),
    ('escalations', 'triage.tend_escalations()', '1 minute', true, 'Lets escalations wait again whose lease ran out, takes those up the ladder that nobody acknowledged, clears the history'),
    ('waiting_check', 'triage.tend_waiting_alerts()', '5 minutes', false, 'Raises and resolves alerts about tickets that nobody can take or that wait too long'),
    ('signatures', 'triage.tend_signatures()', '1 hour', false, 'Removes what is too old to find duplicates by'),
    ('intent_history', 'triage.tend_intent_history()', '1 hour', false, 'Learns how much work tickets of each intent were'),
    ('gone_tickets', 'triage.forget_gone_tickets()', '1 minute', false, 'Removes what is left of tickets whose partition or table was dropped, detached or truncated')
) AS t (name, function, run_every, on_wake, description);

SELECT pg_catalog.pg_extension_config_dump('triage.task', 'WHERE changed_at IS NOT NULL');
