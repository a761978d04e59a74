-- Business time over random calendars: against counting minutes, and its laws.
SET timezone = 'UTC';
SELECT setseed(0.42);

-- thirty calendars in zones whose clocks change, or changed by odd amounts
CREATE TABLE zones (n int, zone text);
INSERT INTO zones SELECT ordinality - 1, zone FROM unnest(ARRAY['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe',
    'Asia/Kathmandu', 'America/St_Johns', 'UTC']) WITH ORDINALITY AS u(zone, ordinality);
INSERT INTO triage.calendar SELECT 'c' || i, zone FROM generate_series(1, 30) i JOIN zones ON n = i % 6;
-- boundaries at random quarters of an hour: each weekday has up to two shifts, the last may run over midnight
INSERT INTO triage.calendar_hours
SELECT 'c' || i, d, time '00:00' + least(a, b) * interval '15 min', time '00:00' + greatest(a, b) * interval '15 min'
FROM generate_series(1, 30) i, generate_series(1, 7) d,
     LATERAL (SELECT floor(random() * 40 + i * 0 + d * 0)::int AS a, floor(random() * 40 + i * 0 + d * 0)::int AS b) r
WHERE a <> b;
INSERT INTO triage.calendar_hours
SELECT 'c' || i, d, time '00:00' + a * interval '15 min', time '00:00' + b * interval '15 min'
FROM generate_series(1, 30) i, generate_series(1, 7) d,
     LATERAL (SELECT 41 + floor(random() * 50 + i * 0 + d * 0)::int AS a, floor(random() * 96 + i * 0 + d * 0)::int AS b) r
WHERE i % 2 = 0 AND b > a;
INSERT INTO triage.calendar_hours
SELECT 'c' || i, 7, '22:00', '00:00' FROM generate_series(1, 30) i
WHERE i % 2 = 1 AND NOT EXISTS (SELECT FROM triage.calendar_hours WHERE calendar = 'c' || i AND weekday = 7 AND closes > '22:00');
INSERT INTO triage.calendar_holiday
SELECT 'c' || i, date '2026-10-20' + (k * 3 + i % 3), 'day', time '00:00' + f * interval '15 min', time '12:00' + f * interval '15 min'
FROM generate_series(1, 30) i, generate_series(0, 4) k, LATERAL (SELECT floor(random() * 48 + i * 0 + k * 0)::int AS f) r;
INSERT INTO triage.calendar_holiday
SELECT 'c' || i, d, 'days off' FROM generate_series(1, 30) i, unnest(ARRAY['2026-03-28', '2026-03-30', '2026-11-02']::date[]) d
WHERE i % 4 = 0;

-- open minutes by looking at the wall clock of each, through the weeks in which clocks change
CREATE TABLE windows AS
    SELECT timestamptz '2026-03-06' AS first, timestamptz '2026-03-10' AS last
    UNION ALL SELECT '2026-03-27', '2026-04-06' UNION ALL SELECT '2026-10-03', '2026-10-05' UNION ALL SELECT '2026-10-23', '2026-11-04';
CREATE TABLE minute AS
SELECT c.name AS calendar, w.first, t, EXISTS (
           SELECT FROM triage.calendar_hours h
           WHERE h.calendar = c.name
             AND (h.weekday = extract(isodow FROM l.wall) AND l.wall::time >= h.opens
                  AND (l.wall::time < h.closes OR h.closes <= h.opens)
                  OR h.closes <= h.opens AND h.weekday % 7 + 1 = extract(isodow FROM l.wall) AND l.wall::time < h.closes))
       AND NOT EXISTS (
           SELECT FROM triage.calendar_holiday o
           WHERE o.calendar = c.name AND o.day = l.wall::date AND l.wall::time >= o.closed_from AND l.wall::time < o.closed_until) AS open
FROM triage.calendar c, windows w, generate_series(w.first, w.last - interval '5 min', '5 min') t,
     LATERAL (SELECT t AT TIME ZONE c.time_zone AS wall) l;
SELECT count(*) > 200000 AS enough, count(*) FILTER (WHERE open) > 30000 AS enough_open FROM minute;
SELECT count(*) AS differ FROM (
    SELECT calendar, first, t, 5 * count(*) FILTER (WHERE open) OVER (PARTITION BY calendar, first ORDER BY t) * interval '1 min' AS counted
    FROM minute) m
WHERE triage.business_elapsed(calendar, first, t + interval '5 min') <> counted;

-- the laws, at random instants and durations to the microsecond
CREATE TABLE instant AS
SELECT 'c' || (1 + i % 30) AS calendar,
       timestamptz '2020-01-01' + random() * interval '3650 days' AS a,
       timestamptz '2020-01-01' + random() * interval '3650 days' AS b,
       timestamptz '2020-01-01' + random() * interval '3650 days' AS c,
       (random() ^ 4 * 5000) * interval '1 hour' AS d, (random() * 100) * interval '1 hour' AS e
FROM generate_series(1, 20000) i;
SELECT count(*) FILTER (WHERE triage.business_elapsed(calendar, a, triage.business_deadline(calendar, a, d)) <> d) AS not_inverse,
       count(*) FILTER (WHERE triage.business_elapsed(calendar, a, triage.business_deadline(calendar, a, d) - interval '1 microsecond')
                              <> d - interval '1 microsecond' AND d > '0') AS not_first,
       count(*) FILTER (WHERE triage.business_elapsed(calendar, a, b) + triage.business_elapsed(calendar, b, c)
                              <> triage.business_elapsed(calendar, a, c)) AS not_additive,
       count(*) FILTER (WHERE triage.business_deadline(calendar, triage.business_deadline(calendar, a, d), e)
                              <> triage.business_deadline(calendar, a, d + e)) AS not_composed,
       count(*) FILTER (WHERE a < b AND triage.business_elapsed(calendar, a, b) NOT BETWEEN '0' AND b - a) AS not_bounded,
       count(*) FILTER (WHERE a < b AND triage.business_deadline(calendar, a, d) > triage.business_deadline(calendar, b, d)) AS not_monotonic
FROM instant;
