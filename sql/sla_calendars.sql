-- Calendars and business time: worked examples.
SET timezone = 'Europe/Berlin';

INSERT INTO triage.calendar VALUES
    ('office', 'Europe/Berlin'), ('split', 'Europe/Madrid'), ('always', 'Europe/Berlin'),
    ('night', 'America/New_York'), ('never', 'UTC'), ('kathmandu', 'Asia/Kathmandu');
INSERT INTO triage.calendar_hours
    SELECT 'office', d, '09:00'::time, '17:00'::time FROM generate_series(1, 5) d
    UNION ALL SELECT 'split', d, '09:00', '13:00' FROM generate_series(1, 5) d
    UNION ALL SELECT 'split', d, '15:00', '18:30' FROM generate_series(1, 5) d
    UNION ALL SELECT 'always', d, '00:00', '24:00' FROM generate_series(1, 7) d
    UNION ALL SELECT 'night', d, '22:00', '06:00' FROM generate_series(1, 7) d
    UNION ALL SELECT 'kathmandu', d, '10:00', '10:00:00.000001' FROM generate_series(1, 7) d;
INSERT INTO triage.calendar_holiday (calendar, day, name, closed_from) VALUES
    ('office', '2026-12-24', 'Christmas Eve', '12:00'),
    ('office', '2026-12-25', 'Christmas Day', '00:00'),
    ('office', '2026-12-26', 'a Saturday', '00:00');

-- deadlines: the end of a day, not the start of the next
SELECT what, triage.business_deadline(calendar, start, duration) AS deadline, expected,
       triage.business_deadline(calendar, start, duration) = expected AS ok
FROM (VALUES
    ('within a day',         'office', '2026-11-20 09:30+01'::timestamptz, '4 hours'::interval, '2026-11-20 13:30+01'::timestamptz),
    ('exactly a day',        'office', '2026-11-20 09:00+01', '8 hours',  '2026-11-20 17:00+01'),
    ('from closing time on', 'office', '2026-11-20 17:00+01', '8 hours',  '2026-11-23 17:00+01'),
    ('over a weekend',       'office', '2026-11-20 16:00+01', '4 hours',  '2026-11-23 12:00+01'),
    ('from a Sunday',        'office', '2026-11-22 03:00+01', '1 second', '2026-11-23 09:00:01+01'),
    ('nothing',              'office', '2026-11-22 03:00+01', '0',        '2026-11-22 03:00+01'),
    ('a microsecond',        'office', '2026-11-20 17:00+01', '1 microsecond', '2026-11-23 09:00:00.000001+01'),
    ('over half a holiday',  'office', '2026-12-24 11:00+01', '2 hours',  '2026-12-28 10:00+01'),
    ('five years of work',   'office', '2026-11-23 09:00+01', '10400 hours', '2031-11-18 14:00+01'),
    ('before the break',     'split',  '2026-11-20 12:00+01', '1 hour',   '2026-11-20 13:00+01'),
    ('over the break',       'split',  '2026-11-20 12:00+01', '90 minutes', '2026-11-20 15:30+01'),
    ('in the break',         'split',  '2026-11-20 14:00+01', '30 minutes', '2026-11-20 15:30+01'),
    ('over midnight',        'night',  '2026-11-20 23:00-05', '6 hours',  '2026-11-21 05:00-05'),
    ('Sunday to Monday',     'night',  '2026-11-22 23:00-05', '6 hours',  '2026-11-23 05:00-05'),
    ('clocks go forward',    'always', '2026-03-28 12:00+01', '24 hours', '2026-03-29 13:00+02'),
    ('clocks go back',       'always', '2026-10-24 12:00+02', '24 hours', '2026-10-25 11:00+01'),
    ('a skipped hour',       'night',  '2026-03-07 22:00-05', '7 hours',  '2026-03-08 06:00-04'),
    ('an hour twice',        'night',  '2026-10-31 22:00-04', '9 hours',  '2026-11-01 06:00-05'),
    ('an odd zone',          'kathmandu', '2026-11-20 04:15+00', '2 microseconds', '2026-11-21 04:15:00.000001+00')
) AS v(what, calendar, start, duration, expected);

-- elapsed time
SELECT what, triage.business_elapsed(calendar, from_, until) AS elapsed, expected,
       triage.business_elapsed(calendar, from_, until) = expected AS ok
FROM (VALUES
    ('a week',            'office', '2026-11-16 00:00+01'::timestamptz, '2026-11-23 00:00+01'::timestamptz, '40 hours'::interval),
    ('a weekend',         'office', '2026-11-20 17:00+01', '2026-11-23 09:00+01', '0'),
    ('Christmas',         'office', '2026-12-24 00:00+01', '2026-12-29 00:00+01', '11 hours'),
    ('backwards',         'office', '2026-11-23 10:00+01', '2026-11-20 16:00+01', '-2 hours'),
    ('nothing',           'office', '2026-11-23 10:00+01', '2026-11-23 10:00+01', '0'),
    ('split',             'split',  '2026-11-20 11:30+01', '2026-11-23 14:30+01', '9 hours'),
    ('clocks go forward', 'always', '2026-03-29 00:00+01', '2026-03-30 00:00+02', '23 hours'),
    ('clocks go back',    'always', '2026-10-25 00:00+02', '2026-10-26 00:00+01', '25 hours'),
    ('a skipped hour',    'night',  '2026-03-07 12:00-05', '2026-03-08 12:00-04', '7 hours'),
    ('an hour twice',     'night',  '2026-10-31 12:00-04', '2026-11-01 12:00-05', '9 hours'),
    ('never open',        'never',  '2026-01-01 00:00+00', '2027-01-01 00:00+00', '0'),
    ('four centuries',    'always', '1900-01-01 00:00+00', '2299-12-31 23:59:59+00', '3506327:59:59')
) AS v(what, calendar, from_, until, expected);

-- what cannot be counted
SELECT triage.business_deadline('never', now(), '1 hour');
SELECT triage.business_deadline('nowhere', now(), '1 hour');
SELECT triage.business_deadline('office', now(), '2 days');
SELECT triage.business_deadline('office', now(), '-1 hour');
SELECT triage.business_deadline('office', '2299-12-31', '4000000 hours');
SELECT triage.business_deadline('office', 'infinity', '1 hour');
SELECT triage.business_elapsed('office', '1800-01-01 00:00+00', '2026-01-01');
SELECT triage.business_deadline(NULL, now(), '1 hour') IS NULL AS null_is_null;

-- what cannot be written
INSERT INTO triage.calendar VALUES ('mars', 'Mars/Olympus_Mons');
INSERT INTO triage.calendar_hours VALUES ('nowhere', 1, '09:00', '17:00');
INSERT INTO triage.calendar_hours VALUES ('office', 1, '18:00', '18:00');
INSERT INTO triage.calendar_hours VALUES ('office', 8, '18:00', '19:00');
INSERT INTO triage.calendar_hours VALUES ('office', 1, '08:00', '10:00');
INSERT INTO triage.calendar_hours VALUES ('night', 1, '05:00', '10:00');
INSERT INTO triage.calendar_hours VALUES ('night', 1, '06:00', '22:00');
INSERT INTO triage.calendar_holiday VALUES ('office', '2026-01-01', 'empty', '12:00', '12:00');

-- a change counts at once, also one that is taken back
SELECT triage.business_deadline('office', '2026-11-20 17:00+01', '8 hours');
BEGIN;
INSERT INTO triage.calendar_holiday VALUES ('office', '2026-11-23', 'everybody is ill');
SELECT triage.business_deadline('office', '2026-11-20 17:00+01', '8 hours');
SAVEPOINT s;
INSERT INTO triage.calendar_hours VALUES ('office', 6, '09:00', '17:00');
SELECT triage.business_deadline('office', '2026-11-20 17:00+01', '8 hours');
ROLLBACK TO s;
SELECT triage.business_deadline('office', '2026-11-20 17:00+01', '8 hours');
ROLLBACK;
SELECT triage.business_deadline('office', '2026-11-20 17:00+01', '8 hours');

-- a calendar that is renamed keeps its hours; one that is deleted takes them along
UPDATE triage.calendar SET name = 'bureau' WHERE name = 'office';
SELECT triage.business_elapsed('bureau', '2026-11-16 00:00+01', '2026-11-23 00:00+01');
DELETE FROM triage.calendar WHERE name = 'bureau';
SELECT count(*) FROM triage.calendar_hours WHERE calendar = 'bureau';
SELECT triage.business_elapsed('bureau', '2026-11-16 00:00+01', '2026-11-23 00:00+01');

-- what is allowed of nobody
CREATE ROLE sla_nobody;
SET ROLE sla_nobody;
SELECT triage.business_deadline('always', now(), '1 hour');
RESET ROLE;
DROP ROLE sla_nobody;
