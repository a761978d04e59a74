-- Claims and leases: what a worker may do with what it holds, and with what it does not
SET support_triage.clock = '2026-03-02 12:00:00+00';
SET timezone = 'UTC';
INSERT INTO triage.queue (name, is_default) VALUES ('front', true), ('billing', false);
SELECT triage.enqueue_escalation('', 1, 'a', 'manual', 'low', 10);
SELECT triage.enqueue_escalation('', 1, 'b', 'manual', 'high', 90, 'billing');
SELECT triage.enqueue_escalation('', 1, 'c', 'manual', 'middle', 50);
SELECT triage.enqueue_escalation('', 1, 'd', 'manual', 'middle, later', 50, 'front');
SELECT triage.enqueue_escalations(1, ARRAY['', '', 'x'], ARRAY['e', 'a', 'a'], ARRAY['manual', 'manual', 'manual'],
    ARRAY['new', 'is there', 'another tenant'], ARRAY[0, 0, 0]);

-- priority first; waiting makes up for it: ten points an hour
BEGIN;
SELECT ticket_key, priority FROM triage.claim_escalations('w', batch => 10);
ROLLBACK;
BEGIN;
SET support_triage.clock = '2026-03-02 17:00:00+00';
SELECT triage.enqueue_escalation('', 1, 'f', 'manual', 'five hours later', 55);
SELECT ticket_key, priority FROM triage.claim_escalations('w', batch => 10);
ROLLBACK;

-- what a claim gives
SELECT ticket_key, status, attempts, claimed_by, claimed_at, lease_until, lease_token > 0 AS has_token
FROM triage.claim_escalations('w', batch => 2, lease => '10 minutes');
SELECT ticket_key FROM triage.claim_escalations('v', 'front');
SELECT ticket_key FROM triage.claim_escalations('v', 'billing', 10);
SELECT ticket_key, status, claimed_by FROM triage.escalation ORDER BY escalation_id;

-- done, given back, prolonged
SELECT triage.complete_escalation(2, 'w', 'called');
SELECT triage.release_escalation(3, 'w');
SELECT triage.extend_escalation(4, 'v', '1 hour');
SELECT ticket_key, status, attempts, claimed_by, lease_until FROM triage.escalation WHERE escalation_id IN (3, 4);
SELECT ticket_key, status, finished_by, finished_at, outcome, attempts FROM triage.escalation_history;
SELECT lease_token AS token FROM triage.claim_escalations('w') \gset
SELECT triage.complete_escalation(3, 'w', 'by token', :token);

-- what is not one's own
SELECT triage.complete_escalation(2, 'w');
SELECT triage.complete_escalation(1, 'w');
SELECT triage.extend_escalation(4, 'w', '1 hour');
SELECT triage.release_escalation(4, 'v', 1);
SELECT triage.fail_escalation(99, 'v', 'what');
SELECT triage.complete_escalations(ARRAY[4, 1], 'v');
SELECT status FROM triage.escalation WHERE escalation_id = 4;

-- a lease that ran out: late work counts while nobody else came
SET support_triage.clock = '2026-03-02 13:00:01+00';
SELECT triage.extend_escalation(4, 'v', '1 second');
SET support_triage.clock = '2026-03-02 13:00:02+00';
SELECT ticket_key, attempts, leases_run_out, claimed_by FROM triage.claim_escalations('u', 'front');
SELECT triage.complete_escalation(4, 'v');
-- the same worker's name is not the same holding
SELECT lease_token AS token FROM triage.escalation WHERE escalation_id = 4 \gset
SET support_triage.clock = '2026-03-02 14:00:00+00';
SELECT ticket_key, attempts, leases_run_out, claimed_by FROM triage.claim_escalations('u', 'front');
SELECT triage.complete_escalation(4, 'u', 'too late', :token);
SELECT log FROM triage.escalation WHERE escalation_id = 4;

-- failures: tried again later and later, until it is given up
INSERT INTO triage.escalation_policy (cause, max_attempts, retry_after, retry_max) VALUES ('mail', 3, '1 minute', '90 seconds');
SELECT triage.enqueue_escalation('', 1, 'm', 'mail', 'tell them', 100) AS id \gset
SELECT attempts FROM triage.claim_escalations('w');
SELECT f.due BETWEEN '2026-03-02 14:00:30+00' AND '2026-03-02 14:01:00+00' AS after_30_to_60_seconds FROM triage.fail_escalation(:id, 'w', 'no connection') AS f (due);
SELECT count(*) FROM triage.claim_escalations('w', batch => 10) WHERE ticket_key = 'm';
SET support_triage.clock = '2026-03-02 14:01:00+00';
SELECT ticket_key, attempts FROM triage.claim_escalations('w');
SELECT f.due BETWEEN '2026-03-02 14:01:45+00' AND '2026-03-02 14:02:30+00' AS after_45_to_90_seconds FROM triage.fail_escalation(:id, 'w', 'still none') AS f (due);
SET support_triage.clock = '2026-03-02 14:02:30+00';
SELECT ticket_key, attempts FROM triage.claim_escalations('w');
SELECT triage.fail_escalation(:id, 'w', E'mailbox \u00fcberf\u00fcllt "quoted"') IS NULL AS dead;
SELECT ticket_key, cause, reason, attempts, died_at, why, jsonb_pretty(log) FROM triage.escalation_dead;
SELECT triage.complete_escalation(:id, 'w');
SELECT triage.enqueue_escalation('', 1, 'm', 'mail', 'once more') > :id AS another;
SELECT triage.fail_escalation(escalation_id, 'w', 'at once', '0') = triage.now() AS due_now FROM triage.claim_escalations('w', batch => 1);

SELECT triage.complete_escalation(escalation_id, 'w') FROM triage.claim_escalations('w');

-- bad input
SELECT triage.claim_escalations('');
SELECT triage.claim_escalations(NULL);
SELECT triage.claim_escalations(repeat('w', 201));
SELECT triage.claim_escalations('w', 'no such queue');
SELECT triage.claim_escalations('w', batch => 0);
SELECT triage.claim_escalations('w', batch => 1001);
SELECT triage.claim_escalations('w', lease => '0');
SELECT triage.claim_escalations('w', lease => '-1 hour');
SELECT triage.claim_escalations('w', lease => '31 days');
SELECT triage.fail_escalation(1, 'w', NULL);
SELECT triage.fail_escalation(1, 'w', 'why', '-1 second');
SELECT triage.complete_escalation(NULL, 'w');
SELECT triage.complete_escalation(1, 'w', repeat('x', 10001));
SELECT triage.complete_escalations(ARRAY[1, NULL], 'w');
SELECT triage.enqueue_escalation('', 1, 'a', '', 'empty cause');
SELECT triage.enqueue_escalation('', 1, 'a', 'x', 'priority', 101);
SELECT triage.enqueue_escalation('', 1, NULL, 'x', 'no key');
SELECT triage.enqueue_escalation('', 1, 'a', 'x', 'queue', 50, 'no such queue');
SELECT triage.enqueue_escalations(1, ARRAY['', ''], ARRAY['a'], ARRAY['x'], ARRAY['x'], ARRAY[1]);
SELECT triage.enqueue_escalations(1, ARRAY[''], ARRAY['a'], ARRAY['x'], ARRAY['x'], ARRAY[-1]);
SELECT triage.enqueue_escalations(1, '{}', '{}', '{}', '{}', '{}');

-- many at once: what is open, or is there twice, is not queued again, wherever it stands in the list
BEGIN;
SELECT triage.enqueue_escalations(7, array_fill(''::text, ARRAY[3]), ARRAY['n50', 'n700', 'n701'],
    array_fill('manual'::text, ARRAY[3]), array_fill('open'::text, ARRAY[3]), array_fill(50, ARRAY[3]));
CREATE FUNCTION pg_temp.queue_many(key text, n integer) RETURNS integer LANGUAGE sql AS $$
    SELECT triage.enqueue_escalations(7, array_fill(''::text, ARRAY[n + 1]), array_agg(key || least(i, n) ORDER BY i),
        array_fill('manual'::text, ARRAY[n + 1]), array_agg('reason ' || i ORDER BY i), array_fill(50, ARRAY[n + 1]))
    FROM generate_series(1, n + 1) i $$;
SELECT pg_temp.queue_many('n', 1200) AS new, pg_temp.queue_many('n', 1200) AS again, pg_temp.queue_many('m', 40) AS others;
SELECT count(*), count(DISTINCT ticket_key) AS tickets, count(*) FILTER (WHERE reason = 'open') AS open_before
FROM triage.escalation WHERE source_id = 7;
ROLLBACK;

-- not for everybody
CREATE ROLE regress_st_escalation;
GRANT USAGE ON SCHEMA triage TO regress_st_escalation;
SET ROLE regress_st_escalation;
SELECT triage.claim_escalations('w');
SELECT triage.enqueue_escalation('', 1, 'a', 'x', 'x');
RESET ROLE;
REVOKE USAGE ON SCHEMA triage FROM regress_st_escalation;
DROP ROLE regress_st_escalation;
BEGIN READ ONLY;
SELECT triage.claim_escalations('w');
ROLLBACK;
