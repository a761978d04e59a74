-- Who may take what: skills, languages, capacity, channels, shifts, leave, presence; and what nobody can take.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET support_triage.clock = '2027-03-01 09:00+00';

CREATE FUNCTION put(key text, skills jsonb DEFAULT NULL, channel text DEFAULT NULL, language text DEFAULT NULL, queue text DEFAULT 'desk')
RETURNS boolean LANGUAGE sql AS $$SELECT triage.enqueue_ticket('', 1, key, queue, 50, channel, language, skills)$$;
CREATE FUNCTION at(at timestamptz) RETURNS timestamptz LANGUAGE sql AS $$SELECT set_config('support_triage.clock', at::text, false)::timestamptz$$;
CREATE FUNCTION solve() RETURNS bigint LANGUAGE sql AS
$$SELECT count(triage.complete_ticket(tenant_id, source_id, ticket_key)) FROM triage.assignment WHERE released_at IS NULL$$;
CREATE VIEW owners AS SELECT ticket_key AS key, a.name FROM triage.assignment s JOIN triage.agent a USING (agent_id) WHERE released_at IS NULL ORDER BY 1;
CREATE VIEW alerts AS SELECT kind, subject, detail, raised_at, resolved_at FROM triage.alert ORDER BY alert_id;

-- a team that has entered no agents is not told that nobody is there
INSERT INTO triage.queue (queue_id, name) VALUES (1, 'desk'), (2, 'attic');
SELECT put('first');
SELECT count(*) FROM alerts;
SELECT triage.withdraw_ticket('', 1, 'first');

INSERT INTO triage.skill VALUES ('tax'), ('law');
INSERT INTO triage.agent (agent_id, name, languages, capacity) VALUES (1, 'ann', '{de,en}', 3), (2, 'bob', '{fr}', 3), (3, 'cleo', NULL, 1);
INSERT INTO triage.agent_queue SELECT name, 'desk' FROM triage.agent;
INSERT INTO triage.agent_skill VALUES ('ann', 'tax', 4), ('bob', 'tax', 8), ('bob', 'law', 2);
INSERT INTO triage.channel_weight VALUES ('chat', 2), ('phone', 3);
SELECT triage.set_presence(name, 'available') FROM triage.agent;

-- skills by level, languages by their first part
SELECT put('tax 3', '[{"skill": "tax", "level": 3}]', NULL, 'de-AT'), put('tax 8', '[{"skill": "tax", "level": 8}]'),
       put('Welsh', NULL, NULL, 'cy'), put('unknown', '[]', NULL, 'und');
SELECT agent, may_take, why_not, units_free FROM triage.ticket_agents('', 1, 'tax 3');
SELECT agent, may_take, why_not FROM triage.ticket_agents('', 1, 'Welsh');
SELECT triage.assign_tickets();
SELECT * FROM owners;
SELECT solve();

-- a skill that is dropped after a while, one after the other; until then it is nobody's
SELECT put('both', '[{"skill": "tax", "level": 9, "drop_after": "10 minutes"}, {"skill": "law", "level": 2, "drop_after": "1 hour"}]', NULL, 'en');
SELECT count(*) AS somebody_could_in_the_end FROM alerts;
SELECT triage.assign_tickets(), at('2027-03-01 09:59:59+00');
SELECT triage.assign_tickets();
SELECT agent, why_not FROM triage.ticket_agents('', 1, 'both');
SELECT at('2027-03-01 10:00+00');
SELECT triage.assign_tickets();
SELECT * FROM owners;
SELECT solve();
-- of those who may, the one who has most of what it needs, also of what no longer counts
SELECT triage.enqueue_ticket('', 1, 'best', 'desk', skills => '[{"skill": "tax", "level": 2, "drop_after": "0"}, {"skill": "law", "drop_after": "0"}]');
SELECT triage.assign_tickets();
SELECT * FROM owners;
SELECT solve();

-- nobody can take it: told at once, once for all such tickets, and resolved when somebody can
SELECT put('l1', '[{"skill": "law", "level": 5}]'), put('l2', '[{"skill": "law", "level": 5}]'), put('big', NULL, 'phone', 'en'), put('ask', NULL, NULL, NULL, 'attic');
SELECT * FROM alerts;
SELECT triage.check_waiting() AS known_already;
UPDATE triage.agent_skill SET level = 5 WHERE skill = 'law';
INSERT INTO triage.agent_queue VALUES ('cleo', 'attic');
SELECT triage.check_waiting();
SELECT kind, subject, resolved_at FROM alerts;
-- an agent who goes takes away what nobody else can do
UPDATE triage.agent SET active = false WHERE name = 'bob';
SELECT triage.check_waiting();
SELECT subject, detail, resolved_at FROM alerts WHERE resolved_at IS NULL;
UPDATE triage.agent SET active = true WHERE name = 'bob';
-- who is off shift or away counts: it is a matter of waiting
SELECT triage.set_presence('bob', 'offline'), triage.check_waiting();
SELECT count(*) FROM alerts WHERE resolved_at IS NULL;
-- a language that a queue lets go of
SELECT put('Greek', NULL, 'phone', 'el');
INSERT INTO triage.queue_policy (queue, language_after) VALUES ('desk', '30 minutes');
SELECT triage.check_waiting();
SELECT subject, detail, resolved_at FROM alerts WHERE subject LIKE '%el%';

-- weighted capacity: a smaller ticket behind one that does not fit
TRUNCATE triage.waiting;
SELECT triage.set_presence('bob', 'away'), put('c1', NULL, 'chat'), put('c2', NULL, 'chat'), put('m1', NULL, 'mail'), put('p1', NULL, 'phone');
SELECT ticket_key, units FROM triage.claim_ticket('ann', 10);
SELECT units, tickets FROM triage.agent_work WHERE agent_id = 1;
SELECT ticket_key FROM triage.claim_ticket('cleo', 10);
SELECT agent, why_not FROM triage.ticket_agents('', 1, 'c2');
SELECT solve();
-- limits by channel, beside the capacity
TRUNCATE triage.waiting;
INSERT INTO triage.agent_channel VALUES ('ann', 'mail', 1), ('cleo', 'mail', 0);
SELECT put('m1', NULL, 'mail'), put('m2', NULL, 'mail'), put('w1', NULL, 'web');
SELECT ticket_key FROM triage.claim_ticket('ann', 10);
SELECT count(*) FROM triage.claim_ticket('ann');
SELECT agent, why_not FROM triage.ticket_agents('', 1, 'm2');
SELECT solve(), triage.assign_tickets();
SELECT * FROM owners;
SELECT solve();
DELETE FROM triage.agent_channel;

-- shifts and leave bind assigning; who asks for work gets it
INSERT INTO triage.calendar VALUES ('office', 'Europe/Berlin');
INSERT INTO triage.calendar_hours SELECT 'office', d, '09:00', '17:00' FROM generate_series(1, 5) d;
INSERT INTO triage.agent_shift VALUES ('ann', 'office', NULL), ('cleo', NULL, '{[2027-03-01 18:00+00, 2027-03-01 20:00+00), [2027-03-02 06:00+00,)}');
INSERT INTO triage.agent_leave VALUES ('cleo', '[2027-03-02 07:00+00, 2027-03-02 08:00+00]');
SELECT put('s1'), at('2027-03-01 16:00+00');
SELECT triage.assign_tickets();
SELECT agent, why_not FROM triage.ticket_agents('', 1, 's1');
SELECT at('2027-03-01 18:00+00');
SELECT triage.assign_tickets();
SELECT * FROM owners;
SELECT solve(), put('s2'), at('2027-03-01 20:00+00');
SELECT triage.assign_tickets(), at('2027-03-02 08:00+00');
SELECT agent, why_not FROM triage.ticket_agents('', 1, 's2');
SELECT triage.assign_tickets();
SELECT solve(), put('s3'), at('2027-03-02 20:00+00');
SELECT ticket_key FROM triage.claim_ticket('ann');
SELECT solve();
DELETE FROM triage.agent_shift;
DELETE FROM triage.agent_leave;

-- presence that expires: nothing new from that moment on, and what they have returns
TRUNCATE triage.assignment;
SELECT triage.set_presence('ann', 'offline'), triage.set_presence('cleo', 'offline'), triage.agent_heartbeat('bob');
SELECT presence FROM triage.agent_presence WHERE agent_id = 2;
SELECT triage.set_presence('bob', 'available', '2 minutes'), put('b1'), put('b2'), put('b3');
SELECT triage.assign_tickets(2), at('2027-03-02 20:01:59.999999+00'), triage.return_lost_tickets();
SELECT triage.agent_heartbeat('bob', '1 minute'), at('2027-03-02 20:02:59.999999+00');
SELECT triage.assign_tickets(1), at('2027-03-02 20:03+00');
SELECT triage.assign_tickets();
SELECT agent, why_not FROM triage.ticket_agents('', 1, 'b3') WHERE agent = 'bob';
SELECT ticket_key FROM triage.claim_ticket('bob');
SELECT triage.return_lost_tickets(), triage.return_lost_tickets();
SELECT presence, since, expires_at FROM triage.agent_presence WHERE agent_id = 2;
SELECT ticket_key, released_why FROM triage.assignment ORDER BY 1;
SELECT count(*) FROM triage.waiting;
SELECT ticket_key FROM triage.claim_ticket('bob');
SELECT triage.agent_heartbeat('bob');
SELECT presence, since, seen_at, expires_at FROM triage.agent_presence WHERE agent_id = 2;
SELECT ticket_key FROM triage.claim_ticket('bob');
SELECT triage.set_presence('bob', 'offline');
SELECT ticket_key FROM triage.claim_ticket('bob');
SELECT triage.agent_heartbeat('bob'), triage.return_lost_tickets() AS who_said_so_keeps_them;

-- back from leave: only so many in the first hour
SELECT solve();
UPDATE triage.agent SET ramp_in = 2, capacity = 100 WHERE name = 'ann';
SELECT count(put('r' || i)) FROM generate_series(1, 20) i;
SELECT at('2027-03-15 09:00+00');
SELECT triage.set_presence('ann', 'available', '10 hours');
SELECT triage.assign_tickets(), triage.assign_tickets();
SELECT count(*) FROM triage.claim_ticket('ann', 10);
SELECT agent, why_not FROM triage.ticket_agents('', 1, 'r20') WHERE agent = 'ann';
SELECT at('2027-03-15 09:59:59+00');
SELECT triage.assign_tickets(), at('2027-03-15 10:00+00');
SELECT triage.assign_tickets(5);
-- not after a short break
SELECT triage.set_presence('ann', 'away'), at('2027-03-15 13:59+00');
SELECT triage.set_presence('ann', 'available');
SELECT triage.assign_tickets(5);

-- who has tickets is not deleted
DELETE FROM triage.agent WHERE name = 'ann';
SELECT triage.release_agent('ann');
DELETE FROM triage.agent WHERE name = 'ann';
SELECT triage.claim_ticket('ann');
UPDATE triage.agent SET active = false WHERE name = 'cleo';
SELECT triage.claim_ticket('cleo');
UPDATE triage.agent SET agent_id = 17 WHERE name = 'bob';
UPDATE triage.agent SET name = 'Robert' WHERE name = 'bob';
SELECT * FROM triage.agent_skill;
SELECT triage.set_presence('Robert', 'available');
SELECT ticket_key FROM triage.claim_ticket('Robert');

-- what is wrong
INSERT INTO triage.agent_skill VALUES ('Robert', 'taxes', 5);
INSERT INTO triage.agent_queue VALUES ('Robert', 'dseks');
INSERT INTO triage.agent_queue VALUES ('nobody', 'desk');
\set VERBOSITY terse
INSERT INTO triage.agent_skill VALUES ('cleo', 'tax', 11);
INSERT INTO triage.agent_shift VALUES ('cleo', NULL, NULL);
INSERT INTO triage.agent_shift VALUES ('cleo', 'no such calendar', NULL);
INSERT INTO triage.agent_leave VALUES ('cleo', 'empty');
INSERT INTO triage.agent_leave VALUES ('cleo', '[2027-03-02, 2027-03-01]');
INSERT INTO triage.agent (name, capacity) VALUES ('neg', -1);
INSERT INTO triage.channel_weight VALUES ('fax', 0);
\set VERBOSITY default
SELECT triage.agent_heartbeat('nobody');
SELECT triage.agent_heartbeat(NULL);
SELECT triage.agent_heartbeat('Robert', '0');
SELECT triage.agent_heartbeat('Robert', '-1 minute');
SELECT triage.agent_heartbeat('Robert', NULL);
SELECT triage.set_presence('Robert', 'lost');
SELECT triage.set_presence('Robert', 'asleep');
SELECT triage.set_presence('Robert', NULL);
-- rights: nobody may who was not given them
CREATE ROLE routing_agents_nobody;
GRANT USAGE ON SCHEMA triage TO routing_agents_nobody;
SET ROLE routing_agents_nobody;
SELECT triage.claim_ticket('Robert');
SELECT triage.assign_tickets();
SELECT triage.release_ticket('', 1, 'r1');
RESET ROLE;
DROP OWNED BY routing_agents_nobody;
DROP ROLE routing_agents_nobody;
