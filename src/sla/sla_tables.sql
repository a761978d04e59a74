-- src/sla/sla_tables.sql: calendars

CREATE TABLE triage.calendar (
    name        text PRIMARY KEY CHECK (name <> ''),
    time_zone   text NOT NULL,
    description text
);
COMMENT ON TABLE triage.calendar IS 'When the team works: the opening hours of a week in a time zone, less holidays. Business time is counted by it.';
COMMENT ON COLUMN triage.calendar.name IS 'Name by which policies and functions refer to it.';
COMMENT ON COLUMN triage.calendar.time_zone IS 'Time zone of its wall clock, as in pg_timezone_names: Europe/Berlin. An unknown one is an error.';
COMMENT ON COLUMN triage.calendar.description IS 'For people.';

CREATE TABLE triage.calendar_hours (
    calendar text NOT NULL REFERENCES triage.calendar ON UPDATE CASCADE ON DELETE CASCADE,
    weekday  smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    opens    time NOT NULL CHECK (opens < '24:00'),
    closes   time NOT NULL,
    PRIMARY KEY (calendar, weekday, opens),
    CONSTRAINT calendar_hours_not_empty CHECK (opens <> closes)
);
COMMENT ON TABLE triage.calendar_hours IS 'Opening hours: as many rows a day as there are shifts, from opens up to but not including closes. Overlapping ones are an error (exclusion_violation).';
COMMENT ON COLUMN triage.calendar_hours.calendar IS 'The calendar.';
COMMENT ON COLUMN triage.calendar_hours.weekday IS 'Day of the week on which the shift begins: 1 is Monday, 7 Sunday (ISO 8601).';
COMMENT ON COLUMN triage.calendar_hours.opens IS 'Wall-clock time at which the shift begins.';
COMMENT ON COLUMN triage.calendar_hours.closes IS 'Wall-clock time at which it is over: 24:00 is the end of the day; a time before opens is that of the next day.';

CREATE TABLE triage.calendar_holiday (
    calendar     text NOT NULL REFERENCES triage.calendar ON UPDATE CASCADE ON DELETE CASCADE,
    day          date NOT NULL,
    name         text NOT NULL,
    closed_from  time NOT NULL DEFAULT '00:00',
    closed_until time NOT NULL DEFAULT '24:00',
    PRIMARY KEY (calendar, day, closed_from),
    CONSTRAINT calendar_holiday_not_empty CHECK (closed_from < closed_until)
);
COMMENT ON TABLE triage.calendar_holiday IS 'Days, or parts of days, on which a calendar is closed although its hours say otherwise.';
COMMENT ON COLUMN triage.calendar_holiday.calendar IS 'The calendar.';
COMMENT ON COLUMN triage.calendar_holiday.day IS 'The day, by the calendar''s wall clock.';
COMMENT ON COLUMN triage.calendar_holiday.name IS 'What is celebrated, for people.';
COMMENT ON COLUMN triage.calendar_holiday.closed_from IS 'Wall-clock time from which it is closed; 00:00 is the start of the day.';
COMMENT ON COLUMN triage.calendar_holiday.closed_until IS 'Wall-clock time up to which it is closed; 24:00 is the end of the day.';

SELECT pg_catalog.pg_extension_config_dump('triage.calendar', '');
SELECT pg_catalog.pg_extension_config_dump('triage.calendar_hours', '');
SELECT pg_catalog.pg_extension_config_dump('triage.calendar_holiday', '');
