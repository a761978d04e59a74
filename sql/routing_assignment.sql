-- Tickets wait, are claimed or assigned, given back, solved and reopened.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET support_triage.clock = '2027-03-01 09:00+00';

INSERT INTO triage.queue (queue_id, name) VALUES (1, 'calls'), (2, 'mails'), (3, 'everybody');
INSERT INTO triage.agent (agent_id, name, capacity) VALUES (1, 'ann', 3), (2, 'bob', 2), (3, 'cleo', 4);
INSERT INTO triage.agent_queue VALUES ('ann', 'calls', 1), ('ann', 'mails', 2), ('bob', 'mails', 1), ('cleo', 'everybody', 1);
CREATE VIEW waits AS
SELECT w.ticket_key AS key, q.name AS queue, w.rank, w.since, w.queued_at, w.priority, w.units, w.preferred_agent_id AS prefers
FROM triage.waiting w JOIN triage.queue q USING (queue_id) ORDER BY w.queue_id, w.rank, w.waiting_id;
CREATE VIEW has AS
SELECT a.name, l.units, l.tickets, string_agg(s.ticket_key || ' (' || s.reason || ')', ', ' ORDER BY s.ticket_key) AS has
FROM triage.agent a JOIN triage.agent_work l USING (agent_id)
LEFT JOIN triage.assignment s ON s.agent_id = a.agent_id AND s.released_at IS NULL
GROUP BY a.name, l.units, l.tickets ORDER BY a.name;
CREATE FUNCTION put(key text, queue text, priority int DEFAULT 50, since timestamptz DEFAULT NULL, skills jsonb DEFAULT NULL, channel text DEFAULT NULL, language text DEFAULT NULL)
RETURNS boolean LANGUAGE sql AS $$SELECT triage.enqueue_ticket('', 1, key, queue, priority, channel, language, skills, since)$$;
CREATE FUNCTION at(at timestamptz) RETURNS timestamptz LANGUAGE sql AS $$SELECT set_config('support_triage.clock', at::text, false)::timestamptz$$;

-- the order: ten points of priority are an hour of waiting, and equals go by their coming
SELECT put('normal', 'calls'), put('old', 'calls', 50, '2027-03-01 07:00+00'), put('urgent', 'calls', 69), put('twin', 'calls'),
       put('ancient', 'calls', 0, '2027-02-27 09:00+00');
SELECT * FROM waits;
-- an earlier queue comes first, whatever waits in a later one
SELECT put('mail', 'mails', 100, '2027-02-01 09:00+00');
SELECT ticket_key, queue, priority, since, channel, language, units FROM triage.claim_ticket('ann');
SELECT ticket_key FROM triage.claim_ticket('ann', 5);
SELECT count(*) AS no_row FROM triage.claim_ticket('ann');
SELECT * FROM has;
SELECT ticket_key FROM triage.claim_ticket('bob');
SELECT count(*) AS nothing_waits_for_cleo FROM triage.claim_ticket('cleo');

-- given back it has its old place; the history tells of it
SELECT at('2027-03-01 10:00+00');
SELECT triage.release_ticket('', 1, 'old', 'lunch');
SELECT * FROM waits;
SELECT ticket_key FROM triage.claim_ticket('ann');
SELECT ticket_key, agent_id, assigned_at, released_at, released_why FROM triage.assignment WHERE ticket_key = 'old' ORDER BY assignment_id;
SELECT triage.release_ticket('', 1, 'nobody has it');
SELECT triage.release_ticket('', 1, NULL);

-- put again: it waits since when it did; what has an owner stays theirs
SELECT put('twin', 'mails', 80);
SELECT put('old', 'mails', 80);
SELECT * FROM waits;
SELECT triage.withdraw_ticket('', 1, 'twin'), triage.withdraw_ticket('', 1, 'twin');

-- solved: room for another
SELECT triage.complete_ticket('', 1, 'old'), triage.complete_ticket('', 1, 'old');
SELECT triage.complete_ticket('', 1, 'normal') AS waiting_no_longer;
SELECT * FROM has;
SELECT * FROM waits;

-- reopened: to the agent who had it, if they are there; else it waits, and they get it first
SELECT triage.reopen_ticket('', 1, 'old');
SELECT * FROM waits;
SELECT put('better', 'calls', 100);
SELECT ticket_key FROM triage.claim_ticket('ann');
SELECT triage.complete_ticket('', 1, 'old');
SELECT triage.set_presence('ann', 'available');
SELECT triage.reopen_ticket('', 1, 'old', 'the customer wrote again');
SELECT triage.reopen_ticket('', 1, 'old') AS still_theirs;
SELECT triage.complete_ticket('', 1, 'old');
UPDATE triage.agent SET capacity = 2 WHERE name = 'ann';
SELECT triage.reopen_ticket('', 1, 'old') AS ann_is_full;
SELECT triage.reopen_ticket('', 1, 'old') AS it_waits_already;
SELECT triage.reopen_ticket('', 1, 'better');
SELECT * FROM has;
-- tickets are assigned in their order; who had one before gets it
UPDATE triage.agent SET capacity = 3 WHERE name = 'ann';
SELECT triage.assign_tickets(1);
SELECT * FROM has;
SELECT triage.complete_ticket('', 1, 'better'), triage.assign_tickets();
SELECT * FROM has;

-- lowering a capacity takes nothing away and stops new work
UPDATE triage.agent SET capacity = 1 WHERE name = 'ann';
SELECT count(*) FROM triage.claim_ticket('ann');
SELECT triage.complete_ticket('', 1, 'old'), triage.complete_ticket('', 1, 'urgent');
SELECT count(*) FROM triage.claim_ticket('ann');
\set VERBOSITY terse
UPDATE triage.agent SET capacity = -1 WHERE name = 'ann';
\set VERBOSITY default

-- all tickets of an agent go back
SELECT triage.release_agent('ann'), triage.release_agent('ann');
SELECT * FROM has;
SELECT key, queue FROM waits;

-- assigning: by share of capacity left, then who was without new work for longest
TRUNCATE triage.waiting, triage.assignment;
UPDATE triage.agent_work SET units = 0, tickets = 0, last_assigned_at = '-infinity';
INSERT INTO triage.agent (agent_id, name, capacity) VALUES (4, 'dan', 4), (5, 'eve', 2);
INSERT INTO triage.agent_queue VALUES ('dan', 'everybody', 1), ('eve', 'everybody', 1);
SELECT triage.set_presence(name, 'available') FROM triage.agent WHERE agent_id > 2;
SELECT put('t' || i, 'everybody', 50, '2027-03-01 08:00+00'::timestamptz + i * interval '1 second') FROM generate_series(1, 7) i;
SELECT triage.assign_tickets(2), (SELECT count(*) FROM waits) AS before;
SELECT triage.assign_tickets();
SELECT * FROM has;
SELECT triage.assign_tickets() AS nothing_left;
SELECT triage.assign_tickets(0);
SELECT triage.assign_tickets(10001);

-- a primary queue comes before a secondary one
INSERT INTO triage.agent_queue VALUES ('cleo', 'mails', 9);
SELECT triage.set_presence('bob', 'available'), put('letter', 'mails');
SELECT triage.assign_tickets();
SELECT agent_id FROM triage.assignment WHERE ticket_key = 'letter';

-- overflow: by the time in this queue; and the circle that is refused
TRUNCATE triage.waiting;
INSERT INTO triage.queue_policy (queue, max_wait, overflow_queue) VALUES ('calls', '30 minutes', 'mails'), ('mails', '1 hour', NULL);
SELECT put('x', 'calls', 50, '2027-03-01 09:59+00'), put('y', 'calls', 100);
SELECT triage.overflow_tickets();
SELECT at('2027-03-01 10:30+00');
SELECT put('z', 'calls', 100);
SELECT triage.overflow_tickets(1), triage.overflow_tickets(), triage.overflow_tickets();
SELECT key, queue, since, queued_at FROM waits;
UPDATE triage.queue_policy SET overflow_queue = 'calls' WHERE queue = 'mails';
INSERT INTO triage.queue_policy (queue, overflow_queue) VALUES ('everybody', 'calls');
-- without an overflow queue it is told
SELECT triage.check_waiting();
SELECT at('2027-03-01 11:30+00');
SELECT triage.check_waiting(), triage.check_waiting();
SELECT kind, subject, detail, raised_at, resolved_at FROM triage.alert ORDER BY alert_id;
SELECT triage.withdraw_ticket('', 1, 'x'), triage.withdraw_ticket('', 1, 'y'), triage.check_waiting();
SELECT kind, subject, resolved_at FROM triage.alert ORDER BY alert_id;

-- another ageing: the tickets that wait have their new rank at once
SELECT put('early', 'everybody', 0, '2027-03-01 10:00+00'), put('important', 'everybody', 20);
SELECT key, rank FROM waits WHERE queue = 'everybody';
INSERT INTO triage.queue_policy (queue, ageing) VALUES ('everybody', 40);
SELECT key, rank FROM waits WHERE queue = 'everybody';
SELECT triage.waiting_rank('2027-03-01 10:00+00', 50, 10), triage.waiting_rank('2027-03-01 10:00+00', 50, 0);
INSERT INTO triage.queue_policy (queue, ageing) VALUES ('everybody', 0);

-- what is wrong
SELECT put('k', 'cals');
SELECT put('k', 'calls', 101);
SELECT put(NULL, 'calls');
SELECT put('k', 'calls', 50, NULL, '{"skill": "tax"}');
SELECT put('k', 'calls', 50, NULL, '["tax"]');
SELECT put('k', 'calls', 50, NULL, '[{"level": 3}]');
SELECT put('k', 'calls', 50, NULL, '[{"skill": "tax", "level": 3}]');
SELECT put('k', 'calls', 50, NULL, '[{"skill": "tax", "levle": 3}]');
SELECT put('k', 'calls', 50, NULL, '[{"skill": "tax", "level": 11}]');
SELECT put('k', 'calls', 50, NULL, '[{"skill": "tax", "drop_after": "-1 hour"}]');
SELECT put('k', 'calls', 50, NULL, '[{"skill": "tax", "drop_after": "soon"}]');
SELECT triage.claim_ticket('nobody');
SELECT triage.claim_ticket('ann', 0);
SELECT triage.claim_ticket(NULL);
SELECT triage.release_agent('nobody');
SELECT triage.reopen_ticket('', 1, 'never had');
SELECT * FROM triage.ticket_agents('', 1, 'does not wait');
DELETE FROM triage.queue WHERE name = 'everybody';
BEGIN READ ONLY;
SELECT triage.claim_ticket('ann');
ROLLBACK;
-- one owner at a time
INSERT INTO triage.assignment SELECT assignment_id + 1000, tenant_id, source_id, ticket_key, 5, assigned_at, NULL, reason, NULL, queue_id, rank, since, priority, units
FROM triage.assignment WHERE ticket_key = 'letter';
-- a ticket that waits although it has one is not given twice
INSERT INTO triage.waiting (tenant_id, source_id, ticket_key, queue_id, rank, since, queued_at, priority, units) VALUES ('', 1, 'letter', 2, now(), now(), now(), 50, 1);
SELECT count(*) FROM triage.claim_ticket('bob', 9) WHERE ticket_key = 'letter';
SELECT count(*) FROM waits WHERE key = 'letter';
-- what is rolled back can be had again, also in a part of a transaction
SELECT put('again', 'mails');
BEGIN;
SAVEPOINT s;
SELECT ticket_key FROM triage.claim_ticket('cleo', 1);
ROLLBACK TO s;
SELECT ticket_key FROM triage.claim_ticket('cleo', 1);
COMMIT;
SELECT name, units, tickets FROM has;
-- tickets that are gone
SELECT triage.forget_assignments(1, ARRAY['', '', '', 'another tenant'], ARRAY['t1', 'again', 'no such', 't2']);
SELECT name, units, tickets FROM has WHERE name IN ('cleo', 'dan');
SELECT count(*) FILTER (WHERE ticket_key = 't1') AS t1, count(*) FILTER (WHERE ticket_key = 't2') AS t2 FROM triage.assignment;
-- what is counted is what they have
SELECT name FROM has JOIN triage.agent USING (name) WHERE units <> (SELECT COALESCE(sum(units), 0) FROM triage.assignment s WHERE s.agent_id = agent.agent_id AND released_at IS NULL);
