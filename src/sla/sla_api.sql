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
COMMENT ON FUNCTION triage.calendar_check() IS 'Trigger of triage.calendar: refuses a time zone that the server does not know, and to delete a calendar by which clocks that run are counted.';
REVOKE ALL ON FUNCTION triage.calendar_check() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.calendar_hours_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_calendar_hours_check';
COMMENT ON FUNCTION triage.calendar_hours_check() IS 'Trigger of triage.calendar_hours: refuses hours that overlap others of the calendar.';
REVOKE ALL ON FUNCTION triage.calendar_hours_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER calendar_check
BEFORE INSERT OR UPDATE OR DELETE ON triage.calendar
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

CREATE OR REPLACE FUNCTION triage.sla_check(
    batch int DEFAULT 1000,
    OUT tenant_id text, OUT source_id int, OUT ticket_key text, OUT metric triage.sla_metric, OUT cycle int,
    OUT event text, OUT percent smallint, OUT due_at timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_sla_check';
COMMENT ON FUNCTION triage.sla_check(int) IS 'Gives the warnings and breaches of clocks that are due by triage.now(), the oldest first, at most batch of them, and notes that it gave them: each is given once. event is warning or breach, percent how much of the target is used up. Of several warnings that are due the last is given. Clocks that another session moves wait for the next call.';
REVOKE ALL ON FUNCTION triage.sla_check(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.sla_policy_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_sla_policy_check';
COMMENT ON FUNCTION triage.sla_policy_check() IS 'Trigger of triage.sla_policy: refuses a condition that is none; an UPDATE raises the version and notes who and when.';
REVOKE ALL ON FUNCTION triage.sla_policy_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER sla_policy_check
BEFORE INSERT OR UPDATE ON triage.sla_policy
FOR EACH ROW EXECUTE FUNCTION triage.sla_policy_check();

CREATE OR REPLACE TRIGGER sla_policy_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.sla_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER sla_policy_truncated
AFTER TRUNCATE ON triage.sla_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER sla_target_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.sla_target
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER sla_target_truncated
AFTER TRUNCATE ON triage.sla_target
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER status_phase_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.status_phase
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER status_phase_truncated
AFTER TRUNCATE ON triage.status_phase
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

ALTER TABLE triage.sla_policy ENABLE ALWAYS TRIGGER sla_policy_changed;
ALTER TABLE triage.sla_policy ENABLE ALWAYS TRIGGER sla_policy_truncated;
ALTER TABLE triage.sla_target ENABLE ALWAYS TRIGGER sla_target_changed;
ALTER TABLE triage.sla_target ENABLE ALWAYS TRIGGER sla_target_truncated;
ALTER TABLE triage.status_phase ENABLE ALWAYS TRIGGER status_phase_changed;
ALTER TABLE triage.status_phase ENABLE ALWAYS TRIGGER status_phase_truncated;

CREATE OR REPLACE FUNCTION triage.sla_policy_for(facts triage.facts)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_sla_policy_for';
COMMENT ON FUNCTION triage.sla_policy_for(triage.facts) IS 'Name of the policy that is for a ticket with these facts: the first enabled one by position whose condition holds; NULL when there is none. Throws what a condition throws.';
REVOKE ALL ON FUNCTION triage.sla_policy_for(triage.facts) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.start_clocks(
    tenant_id text, source_id int, ticket_key text, facts triage.facts, priority smallint, status text, at timestamptz)
RETURNS text
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_start_clocks';
COMMENT ON FUNCTION triage.start_clocks(text, int, text, triage.facts, smallint, text, timestamptz) IS 'Starts the clocks of a ticket that was created at an instant and has a status (NULL: open). Returns the name of its policy, NULL when there is none. Clocks that are there already stay as they are; a ticket that is solved gets none.';
REVOKE ALL ON FUNCTION triage.start_clocks(text, int, text, triage.facts, smallint, text, timestamptz) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.clocks_status(tenant_id text, source_id int, ticket_key text, status text, at timestamptz)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_clocks_status_sql';
COMMENT ON FUNCTION triage.clocks_status(text, int, text, text, timestamptz) IS 'A ticket got another status: its clocks stand still, run on or end. Solving meets requester_wait, agent_work and resolution and cancels promises of replies that were not given; reopening lets the former run on.';
REVOKE ALL ON FUNCTION triage.clocks_status(text, int, text, text, timestamptz) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.clocks_message(tenant_id text, source_id int, ticket_key text, author triage.author_kind, at timestamptz)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_clocks_message_sql';
COMMENT ON FUNCTION triage.clocks_message(text, int, text, triage.author_kind, timestamptz) IS 'Somebody wrote in a ticket''s thread. An agent''s reply meets first_reply, next_reply and periodic_update and begins the next periodic_update; a customer''s message begins next_reply unless a promised reply is still owed. Bots and systems change nothing.';
REVOKE ALL ON FUNCTION triage.clocks_message(text, int, text, triage.author_kind, timestamptz) FROM PUBLIC;
