-- What came before: repeat contacts, near-duplicates, languages of the requester
SET client_min_messages = warning;
CREATE SCHEMA pipeline_history;
SET search_path = pipeline_history;
SELECT labels FROM triage.train('intent', $$
    SELECT opening || ' ' || request, label
    FROM unnest(ARRAY['Hello,', 'Dear team,', 'Hi,', 'Please help:']) AS opening,
         (VALUES ('refund_request', 'I want a refund'), ('refund_request', 'give my money back'),
                 ('account_access', 'I forgot my password'), ('account_access', 'the login fails'),
                 ('delivery_status', 'where is my parcel'), ('delivery_status', 'the delivery is late')) AS r(label, request)
$$);
CREATE TABLE tickets (id int PRIMARY KEY, body text, requester text, created_at timestamptz);
SELECT triage.attach('tickets') ->> 'customer' AS customer;
CREATE VIEW seen AS
SELECT ticket_key::int AS id, customer, repeat_contact AS repeats, duplicate_of AS of, duplicate_similarity::numeric(4,2) AS alike FROM triage.decision;

-- repeat contact: same requester, same intent, within seven days, by the time of creation
INSERT INTO tickets VALUES
    (1, 'I want a refund',            'ann', '2024-05-01 10:00+00'),
    (2, 'give my money back',         'ann', '2024-05-03 10:00+00'),
    (3, 'the login fails',            'ann', '2024-05-03 11:00+00'),
    (4, 'Please help: I want a refund', 'bob', '2024-05-03 11:00+00'),
    (5, 'Hi, give my money back',     'ann', '2024-05-09 10:00+00'),
    (6, 'Hello, I want a refund',     'ann', '2024-05-30 10:00+00'),
    (7, 'qqqq wwww zzzz',             'ann', '2024-05-30 10:00+00'),
    (8, 'I want a refund',            NULL,  '2024-05-30 10:00+00'),
    (9, NULL,                         'ann', '2024-05-30 10:00+00');
SELECT id, customer, repeats FROM seen ORDER BY id;
-- the same one by one, as a trigger of many statements sees it, and by backfill
CREATE TABLE at_once AS SELECT id, repeats, of FROM seen;
TRUNCATE tickets;
DO $$ BEGIN
    FOR n IN 1 .. 9 LOOP
        INSERT INTO tickets SELECT v.* FROM (VALUES
            (1, 'I want a refund', 'ann', timestamptz '2024-05-01 10:00+00'), (2, 'give my money back', 'ann', '2024-05-03 10:00+00'),
            (3, 'the login fails', 'ann', '2024-05-03 11:00+00'), (4, 'Please help: I want a refund', 'bob', '2024-05-03 11:00+00'),
            (5, 'Hi, give my money back', 'ann', '2024-05-09 10:00+00'), (6, 'Hello, I want a refund', 'ann', '2024-05-30 10:00+00'),
            (7, 'qqqq wwww zzzz', 'ann', '2024-05-30 10:00+00'), (8, 'I want a refund', NULL, '2024-05-30 10:00+00'), (9, NULL, 'ann', '2024-05-30 10:00+00')) AS v(id)
        WHERE v.id = n;
    END LOOP;
END $$;
SELECT count(*) AS same FROM seen JOIN at_once USING (id) WHERE seen.repeats IS NOT DISTINCT FROM at_once.repeats AND seen.of IS NOT DISTINCT FROM at_once.of;
DELETE FROM triage.decision;
CALL triage.backfill('tickets', 4);
SELECT count(*) AS same FROM seen JOIN at_once USING (id) WHERE seen.repeats IS NOT DISTINCT FROM at_once.repeats AND seen.of IS NOT DISTINCT FROM at_once.of;
-- deciding again counts what came before, not what came after or the ticket itself
SELECT triage.decide_again('tickets', '2') IS NOT NULL AS again;
SELECT repeats FROM seen WHERE id = 2;
-- the window is one row; views count what the facts say
UPDATE triage.signal_policy SET repeat_window = '1 day';
SELECT triage.decide_again('tickets', '5') IS NOT NULL AND triage.decide_again('tickets', '2') IS NOT NULL AS again;
SELECT id, repeats FROM seen WHERE id IN (2, 5) ORDER BY id;
UPDATE triage.signal_policy SET repeat_window = '60 days';
SELECT triage.decide_again('tickets', '6') IS NOT NULL AS again;
SELECT id, repeats FROM seen WHERE id = 6;
UPDATE triage.signal_policy SET repeat_window = '7 days';
SELECT sum(repeat_contacts) = (SELECT count(*) FROM seen WHERE repeats > 0) AS agree FROM triage.intent_volume;
-- another requester: decided again
UPDATE tickets SET requester = 'bob' WHERE id = 2;
SELECT id, customer, repeats FROM seen WHERE id = 2;
-- twenty stand for twenty and more
INSERT INTO tickets SELECT g, 'I want a refund', 'dan', timestamptz '2024-06-01 10:00+00' + g * interval '1 minute' FROM generate_series(101, 130) AS g;
SELECT id, repeats FROM seen WHERE id IN (101, 102, 119, 121, 130) ORDER BY id;
TRUNCATE tickets;
SELECT count(*) FROM triage.ticket_signature;

-- near-duplicates: an outage seen by many within a day, and what one requester repeats within the window of repeats
INSERT INTO tickets VALUES
    (1, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay any more', 'ann', '2024-05-01 10:00+00'),
    (2, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay any longer', 'bob', '2024-05-01 10:05+00'),
    (3, 'THE CHECKOUT PAGE SHOWS ERROR 502, since ten this morning, and nobody in our shop can pay any more!!!', 'cid', '2024-05-01 11:00+00'),
    (4, 'Where is my parcel? It was due on Monday and the tracking page has not changed for a week now', 'cid', '2024-05-01 11:00+00'),
    (5, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay any more', 'dan', '2024-05-03 10:00+00'),
    (6, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay any more', 'ann', '2024-05-04 10:00+00'),
    (7, 'Hello there', 'ann', '2024-05-04 10:00+00'), (8, 'Hello there', 'bob', '2024-05-04 10:00+00'), (9, 'hello there!', 'ann', '2024-05-05 10:00+00');
SELECT * FROM seen ORDER BY id;
-- links are to the original, also of later ones, and nothing is linked to a later one
INSERT INTO tickets VALUES
    (10, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay any longer', 'eve', '2024-05-01 12:00+00'),
    (11, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay any more', 'fay', '2024-04-30 12:00+00');
SELECT id, of, alike FROM seen WHERE id >= 10 ORDER BY id;
SELECT duplicate_of, count(*) FROM triage.ticket_overview WHERE duplicate_of IS NOT NULL GROUP BY 1 ORDER BY 1;
-- a ticket that changes is compared again
UPDATE tickets SET body = 'Where is my parcel? It was due on Monday and the tracking page has not changed for a week now, please answer' WHERE id = 3;
SELECT id, of, alike FROM seen WHERE id = 3;
-- the original gets another key, or goes: so do the links
UPDATE tickets SET id = 1001 WHERE id = 1;
SELECT id, of FROM seen WHERE of IS NOT NULL ORDER BY id;
DELETE FROM tickets WHERE id = 1001;
SELECT id, of FROM seen WHERE of IS NOT NULL ORDER BY id;
SELECT count(*) AS signatures, count(*) FILTER (WHERE s.duplicate_of IS NOT NULL) AS linked,
       count(*) FILTER (WHERE s.duplicate_of IS DISTINCT FROM d.duplicate_of) AS differ
FROM triage.ticket_signature s JOIN triage.decision d USING (tenant_id, source_id, ticket_key);
-- nothing of the text is kept
SELECT count(*) FROM triage.ticket_signature s WHERE s::text ~* 'checkout|parcel';
-- what is too old to be an original goes; what is not stays
SET support_triage.clock = '2024-05-10 12:00+00';
SELECT triage.prune_signatures() > 0 AS pruned, (SELECT count(*) FROM triage.ticket_signature WHERE asked_at < '2024-05-03 12:00+00') AS old;
RESET support_triage.clock;
SELECT triage.prune_signatures() > 0 AS pruned, (SELECT count(*) FROM triage.ticket_signature) AS kept;
TRUNCATE tickets;

-- a storm of equal alerts, in one statement and in many: all are linked to the first
INSERT INTO tickets SELECT g, 'ALERT disk /var of host web is full, 98 percent of 200 GB are used, check the logs', NULL, timestamptz '2024-05-01 10:00+00' + g * interval '1 second'
FROM generate_series(1, 700) AS g;
INSERT INTO tickets SELECT g, 'ALERT disk /var of host web is full, 98 percent of 200 GB are used, check the logs', NULL, timestamptz '2024-05-01 11:00+00' + g * interval '1 second'
FROM generate_series(701, 800) AS g;
SELECT of, alike, count(*) FROM seen GROUP BY 1, 2 ORDER BY 1;
TRUNCATE tickets;

-- no column tells who wrote or when: what is compared is what was decided lately
SELECT triage.attach('tickets', '{"customer": null, "created_at": null}') ->> 'customer' AS customer;
INSERT INTO tickets (id, body) VALUES (1, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay');
INSERT INTO tickets (id, body) VALUES (2, 'The checkout page shows error 502 since ten this morning and nobody in our shop can pay'), (3, 'Hello there'), (4, 'Hello there');
SELECT id, customer, repeats, of FROM seen ORDER BY id;
SELECT triage.decide_again('tickets', '1') IS NOT NULL AS again;
SELECT id, of FROM seen WHERE id <= 2 ORDER BY id;

-- tenants know nothing of each other
DROP TABLE tickets;
CREATE TABLE firms (id int, tenant text, body text, requester text, created_at timestamptz DEFAULT '2024-05-01 10:00+00', PRIMARY KEY (id, tenant));
SELECT triage.attach('firms') ->> 'tenant' AS tenant;
INSERT INTO firms (id, tenant, body, requester)
SELECT g, t, 'The checkout page shows error 502 since ten this morning: I want a refund', 'ann' FROM generate_series(1, 2) AS g, unnest(ARRAY['a', 'b']) AS t;
SELECT tenant_id, ticket_key, repeat_contact, duplicate_of FROM triage.decision d JOIN triage.source s USING (source_id) WHERE s.tickets = 'firms'::regclass ORDER BY 1, 2;

-- hostile: requesters longer than any index entry, created at the ends of time
INSERT INTO firms VALUES (11, 'a', 'I want a refund', repeat('x', 100000), '2024-05-01 10:00+00'), (12, 'a', 'give my money back', repeat('x', 100000), '2024-05-01 11:00+00'),
    (13, 'a', 'I want a refund', 'zoe', 'infinity'), (14, 'a', 'give my money back', 'zoe', '-infinity'), (15, 'a', 'I want a refund', 'zoe', '4713-01-01 00:00+00 BC');
SELECT ticket_key, length(customer), repeat_contact FROM triage.decision WHERE ticket_key LIKE '1_' ORDER BY 1;

-- leave nothing behind
SELECT triage.detach('firms', true);
DELETE FROM triage.decision;
DELETE FROM triage.ticket_signature;
DELETE FROM triage.waiting;
DELETE FROM triage.routing_rule;
DELETE FROM triage.queue;
SELECT triage.drop_model('intent');
DROP SCHEMA pipeline_history CASCADE;
DELETE FROM triage.source;
SELECT count(*) FROM triage.decision;
