-- What time does to escalations: leases, retries, ladders, cool-down, history
SET support_triage.clock = '2026-03-02 12:00:00+00';
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE VIEW queue AS
SELECT ticket_key AS key, status, priority, queue_id AS q, reason, attempts AS n, leases_run_out AS out, level, step_at, due_at
FROM triage.escalation ORDER BY rank, escalation_id;
INSERT INTO triage.queue (name, is_default) VALUES ('front', true), ('leads', false);

-- an empty queue has no work but its history's
SELECT triage.tend_escalations();
SELECT * FROM triage.escalation_turn;

-- leases that ran out wait again; the last one is given up
INSERT INTO triage.escalation_policy (cause, max_attempts) VALUES ('call', 2);
SELECT triage.enqueue_escalation('', 1, 'a', 'call', 'call them');
SELECT count(*) FROM triage.claim_escalations('w', lease => '5 minutes');
SELECT triage.tend_escalations();
SET support_triage.clock = '2026-03-02 12:05:00+00';
SELECT triage.tend_escalations() > triage.now() AS later;
TABLE queue;
SELECT triage.complete_escalation(1, 'w');
SELECT count(*) FROM triage.claim_escalations('w', lease => '5 minutes');
SET support_triage.clock = '2026-03-02 12:10:00+00';
SELECT triage.tend_escalations() > triage.now() AS later;
TABLE queue;
SELECT ticket_key, attempts, leases_run_out, why, log FROM triage.escalation_dead;

-- back from the dead, unless the ticket is escalated anew
SELECT triage.requeue_escalation(1);
SELECT key, status, n, out FROM queue;
SELECT log -> -1 ->> 'what' AS last FROM triage.escalation;
SELECT triage.requeue_escalation(99);
SELECT count(*) FROM triage.claim_escalations('w', lease => '1 minute');
SELECT triage.requeue_escalation(1);
SELECT triage.fail_escalation(1, 'w', 'busy', '10 minutes');
SELECT triage.tend_escalations() <= triage.now() + interval '30 seconds' AS soon;
SELECT triage.requeue_escalation(1);
SELECT count(*) FROM triage.claim_escalations('w', lease => '1 minute');
SELECT triage.fail_escalation(1, 'w', 'busy still') IS NULL AS dead;
SELECT triage.enqueue_escalation('', 1, 'a', 'call', 'call them again') AS id \gset
SELECT triage.requeue_escalation(1);

-- cancelled, open or dead
SELECT triage.cancel_escalation(1, 'they wrote'), triage.cancel_escalation(:id, 'they wrote'), triage.cancel_escalation(99);
SELECT ticket_key, status, outcome, finished_at, attempts FROM triage.escalation_history ORDER BY escalation_id;
SELECT triage.complete_escalation(1, 'w') \set VERBOSITY terse \g
\set VERBOSITY default

-- cool-down: the same cause does not come back at once
INSERT INTO triage.escalation_policy (cause, cool_down) VALUES ('rule:', '1 hour');
SELECT triage.enqueue_escalation('', 1, 'c', 'rule:angry', 'angry') AS id \gset
SELECT triage.complete_escalation(escalation_id, 'w') FROM triage.claim_escalations('w');
SELECT triage.enqueue_escalation('', 1, 'c', 'rule:angry', 'angry again') = :id AS the_same;
SELECT triage.enqueue_escalations(1, ARRAY['', ''], ARRAY['c', 'c'], ARRAY['rule:angry', 'rule:lost'], ARRAY['angry', 'lost'], ARRAY[1, 1]);
SET support_triage.clock = '2026-03-02 13:10:01+00';
SELECT triage.enqueue_escalation('', 1, 'c', 'rule:angry', 'angry again') > :id AS another;
SELECT key, reason FROM queue;
SELECT count(triage.cancel_escalation(escalation_id)) FROM triage.escalation;

-- a ladder
INSERT INTO triage.escalation_step (cause, step, after, priority, queue, reason) VALUES
    ('', 1, '15 minutes', 70, NULL, NULL),
    ('', 2, '30 minutes', 95, 'leads', 'nobody looked for 45 minutes');
SELECT triage.enqueue_escalation('', 1, 'l', 'manual', 'look', 50, 'front') AS l \gset
SELECT triage.enqueue_escalation('', 1, 'k', 'manual', 'seen', 50, 'front') AS k \gset
SELECT triage.acknowledge_escalation(:k, 'ann');
SET support_triage.clock = '2026-03-02 13:11:00+00';
SELECT triage.acknowledge_escalation(:k, 'bob');
SELECT triage.tend_escalations() <= triage.now() + interval '30 seconds' AS soon;
TABLE queue;
SET support_triage.clock = '2026-03-02 13:25:01+00';
SELECT triage.tend_escalations() > triage.now() AS later;
TABLE queue;
-- not while somebody holds it
SELECT ticket_key FROM triage.claim_escalations('w', 'front', lease => '1 hour');
SET support_triage.clock = '2026-03-02 13:55:01+00';
SELECT triage.tend_escalations() > triage.now() AS later;
TABLE queue;
SELECT triage.release_escalation(:l, 'w');
SET support_triage.clock = '2026-03-02 14:25:01+00';
SELECT triage.tend_escalations() > triage.now() AS later;
TABLE queue;
SELECT unacknowledged_steps, waiting, due, claimed, dead_letters, oldest_age FROM triage.queue_health;
SELECT log FROM triage.escalation WHERE escalation_id = :l;
-- and down again
SELECT triage.deescalate(:l, 'a false alarm');
SELECT triage.deescalate(:l);
SELECT triage.deescalate(:l);
SELECT triage.deescalate(99);
SELECT triage.acknowledge_escalation(99);
TABLE queue;

-- the history takes turns: 90 days are kept, in parts of 15
SELECT * FROM triage.escalation_turn ORDER BY turn;
SELECT slot, count(*) FROM triage.escalation_history GROUP BY slot ORDER BY slot;
CREATE PROCEDURE days(n int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. n LOOP
        PERFORM set_config('support_triage.clock', (triage.now() + interval '1 day')::text, false);
        PERFORM triage.enqueue_escalation('', 1, to_char(triage.now(), 'MM-DD'), 'daily', 'every day');
        PERFORM triage.complete_escalation(escalation_id, 'w') FROM triage.claim_escalations('w', batch => 10);
        PERFORM triage.tend_escalations();
        COMMIT;
    END LOOP;
END $$;
DELETE FROM triage.escalation_step;
CALL days(80);
SELECT slot, count(*), min(finished_at)::date, max(finished_at)::date FROM triage.escalation_history GROUP BY slot ORDER BY slot;
CALL days(200);
SELECT slot, count(*), min(finished_at)::date, max(finished_at)::date FROM triage.escalation_history GROUP BY slot ORDER BY min(finished_at);
SELECT count(*), max(turn) FROM triage.escalation_turn;
SELECT status, count(*) FROM triage.escalation_all GROUP BY status ORDER BY status;

-- what was set counts at once: a shorter retention, and what an hour is worth
INSERT INTO triage.escalation_settings (ageing, retention) VALUES (25, '36 days');
CALL days(10);
SELECT slot, count(*), min(finished_at)::date, max(finished_at)::date FROM triage.escalation_history GROUP BY slot ORDER BY min(finished_at);
SELECT triage.escalation_rank('2026-01-02 00:00+00', 50);
TRUNCATE triage.escalation_settings;
SELECT triage.escalation_rank('2026-01-02 00:00+00', 50);

-- bad settings
INSERT INTO triage.escalation_policy (cause, max_attempts) VALUES ('x', 0);
INSERT INTO triage.escalation_policy (cause, cool_down) VALUES ('x', '-1 hour');
INSERT INTO triage.escalation_step VALUES ('x', 0, '1 hour');
INSERT INTO triage.escalation_step VALUES ('x', 1, '0');
INSERT INTO triage.escalation_step VALUES ('x', 1, '1 hour', 101);
INSERT INTO triage.escalation_step VALUES ('x', 1, '1 hour', NULL, 'nowhere');
INSERT INTO triage.escalation_settings (ageing) VALUES (0);
INSERT INTO triage.escalation_settings (retention) VALUES ('5min');
INSERT INTO triage.escalation_settings DEFAULT VALUES;
INSERT INTO triage.escalation_settings DEFAULT VALUES;
INSERT INTO triage.escalation_settings (single) VALUES (false);
