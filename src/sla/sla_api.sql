-- src/sla/sla_api.sql: business time

CREATE OR REPLACE FUNCTION triage.business_deadline(calendar text, start timestamptz, duration interval)
RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_business_deadline_sql';
COMMENT ON FUNCTION triage.business_deadline(text, timestamptz, interval) IS 'The first instant from start on by which so much business time has passed: the end of a day, not the start of the next; start itself for a duration of 0. The duration is in hours, minutes and seconds. Errors: undefined_object for a calendar that does not exist, object_not_in_prerequisite_state for one that is never open, invalid_parameter_value for a duration with days or months or a negative one, datetime_field_overflow outside the years 1900 to 2299.';
REVOKE ALL ON FUNCTION triage.business_deadline(text, timestamptz, interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.business_elapsed(calendar text, from_ timestamptz, until timestamptz)
RETURNS interval
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_business_elapsed_sql';
COMMENT ON FUNCTION triage.business_elapsed(text, timestamptz, timestamptz) IS 'Business time of [from_, until), in hours, minutes and seconds to the microsecond; negative when until is before from_, 0 for a calendar that is never open. Errors: undefined_object for a calendar that does not exist, datetime_field_overflow outside the years 1900 to 2299.';
REVOKE ALL ON FUNCTION triage.business_elapsed(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.calendar_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_calendar_check';
COMMENT ON FUNCTION triage.calendar_check() IS 'Trigger of triage.calendar: refuses a time zone that the server does not know.';
REVOKE ALL ON FUNCTION triage.calendar_check() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.calendar_hours_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_calendar_hours_check';
COMMENT ON FUNCTION triage.calendar_hours_check() IS 'Trigger of triage.calendar_hours: refuses hours that overlap others of the calendar.';
REVOKE ALL ON FUNCTION triage.calendar_hours_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER calendar_check
BEFORE INSERT OR UPDATE ON triage.calendar
FOR EACH ROW EXECUTE FUNCTION triage.calendar_check();

CREATE OR REPLACE TRIGGER calendar_hours_check
AFTER INSERT OR UPDATE ON triage.calendar_hours
FOR EACH ROW EXECUTE FUNCTION triage.calendar_hours_check();

-- also for rows that logical replication brings, which fires row triggers only
CREATE OR REPLACE TRIGGER calendar_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.calendar
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER calendar_truncated
AFTER TRUNCATE ON triage.calendar
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER calendar_hours_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.calendar_hours
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER calendar_hours_truncated
AFTER TRUNCATE ON triage.calendar_hours
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER calendar_holiday_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.calendar_holiday
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER calendar_holiday_truncated
AFTER TRUNCATE ON triage.calendar_holiday
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

ALTER TABLE triage.calendar ENABLE ALWAYS TRIGGER calendar_changed;
ALTER TABLE triage.calendar ENABLE ALWAYS TRIGGER calendar_truncated;
ALTER TABLE triage.calendar_hours ENABLE ALWAYS TRIGGER calendar_hours_changed;
ALTER TABLE triage.calendar_hours ENABLE ALWAYS TRIGGER calendar_hours_truncated;
ALTER TABLE triage.calendar_holiday ENABLE ALWAYS TRIGGER calendar_holiday_changed;
ALTER TABLE triage.calendar_holiday ENABLE ALWAYS TRIGGER calendar_holiday_truncated;
