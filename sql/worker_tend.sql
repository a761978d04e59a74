-- What the worker's own tasks do: deadlines become escalations, waiting tickets somebody's.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET support_triage.clock = '2027-03-01 09:00+00';
CREATE FUNCTION at(at timestamptz) RETURNS timestamptz LANGUAGE sql AS $$SELECT set_config('support_triage.clock', at::text, false)::timestamptz$$;
CREATE VIEW escalated AS SELECT ticket_key, cause, reason, priority, queue_id FROM triage.escalation ORDER BY ticket_key, cause;

-- nothing at all: until woken
SELECT triage.tend_clocks(), triage.tend_assignments(), triage.tend_queues(), triage.tend_waiting_alerts(), triage.tend_signatures();

-- clocks: the next warning or deadline is when the task wants to run again
INSERT INTO triage.sla_policy (policy_id, position, name) VALUES (1, 10, 'everybody');
INSERT INTO triage.sla_target (policy_id, metric, target) VALUES (1, 'first_reply', '2 hours');
SELECT triage.start_clocks('', 1, key, jsonb_populate_record(NULL::triage.facts, '{}'), 70::smallint, 'new', '2027-03-01 09:00+00') FROM unnest(ARRAY['a', 'b']) AS key;
SELECT triage.tend_clocks();
SELECT * FROM escalated;
SELECT at('2027-03-01 10:00+00');
SELECT triage.tend_clocks();
SELECT * FROM escalated;
-- once, and a tick does the same
SELECT triage.tend_clocks();
SELECT triage.clocks_message('', 1, 'b', 'agent', '2027-03-01 10:10+00');
SELECT at('2027-03-01 11:00+00');
CALL triage.tick();
SELECT * FROM escalated;
SELECT triage.tend_clocks();
-- planned by the system's clock, whatever ours says
SELECT next_due > last_finished AND next_due <= last_started + interval '1 minute' AS planned FROM triage.task_status WHERE name = 'clocks';

-- assignments
INSERT INTO triage.queue (queue_id, name) VALUES (1, 'calls'), (2, 'spare');
INSERT INTO triage.agent (agent_id, name, capacity) VALUES (1, 'ann', 2), (2, 'bob', 1);
INSERT INTO triage.agent_queue VALUES ('ann', 'calls', 1), ('bob', 'spare', 1);
INSERT INTO triage.queue_policy (queue, max_wait, overflow_queue) VALUES ('calls', '1 hour', 'spare');
SELECT triage.enqueue_ticket('', 1, 't' || n, 'calls', 50) FROM generate_series(1, 4) n;
CREATE VIEW has AS SELECT s.ticket_key, a.name, s.reason FROM triage.assignment s JOIN triage.agent a USING (agent_id)
WHERE s.released_at IS NULL ORDER BY s.ticket_key;
SELECT triage.tend_assignments();
SELECT * FROM has;
-- nobody is there yet: those who come are given work
SELECT triage.set_presence('ann', 'available', '10 minutes');
SELECT triage.set_presence('bob', 'available', '3 hours');
SELECT triage.tend_assignments(), triage.tend_queues();
SELECT * FROM has;
-- ann is not heard of, and what waits too long goes elsewhere
SELECT at('2027-03-01 12:00:01+00');
SELECT triage.tend_queues();
SELECT triage.tend_assignments();
SELECT * FROM has;
SELECT q.name, count(*) FROM triage.waiting w JOIN triage.queue q USING (queue_id) GROUP BY 1 ORDER BY 1;
SELECT triage.tend_waiting_alerts();
SELECT kind, subject FROM triage.alert WHERE resolved_at IS NULL;

BEGIN READ ONLY;
SELECT triage.tend_clocks();
ROLLBACK;
BEGIN READ ONLY;
SELECT triage.tend_assignments();
ROLLBACK;
BEGIN READ ONLY;
SELECT triage.tend_queues();
ROLLBACK;
BEGIN READ ONLY;
SELECT triage.tend_waiting_alerts();
ROLLBACK;
