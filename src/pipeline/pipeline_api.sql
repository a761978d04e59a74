-- src/pipeline/pipeline_api.sql

CREATE OR REPLACE FUNCTION triage.source_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_source_changed';
COMMENT ON FUNCTION triage.source_changed() IS 'Trigger of triage.source: makes every session read it anew.';
REVOKE ALL ON FUNCTION triage.source_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER source_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON triage.source
FOR EACH STATEMENT EXECUTE FUNCTION triage.source_changed();

CREATE OR REPLACE FUNCTION triage.ticket_inserted()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_ticket_inserted';
COMMENT ON FUNCTION triage.ticket_inserted() IS 'Trigger of attached tables: decides inserted tickets. Created by triage.attach.';
REVOKE ALL ON FUNCTION triage.ticket_inserted() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.ticket_updated()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_ticket_updated';
COMMENT ON FUNCTION triage.ticket_updated() IS 'Trigger of attached tables: decides a ticket again when its text, its key or what rules test changed. Created by triage.attach.';
REVOKE ALL ON FUNCTION triage.ticket_updated() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.ticket_deleted()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_ticket_deleted';
COMMENT ON FUNCTION triage.ticket_deleted() IS 'Trigger of attached tables: removes what was derived from deleted tickets. Created by triage.attach.';
REVOKE ALL ON FUNCTION triage.ticket_deleted() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.ticket_truncated()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_ticket_truncated';
COMMENT ON FUNCTION triage.ticket_truncated() IS 'Trigger of attached tables: removes what was derived from all tickets of the table. Created by triage.attach.';
REVOKE ALL ON FUNCTION triage.ticket_truncated() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.attach(tickets regclass, columns jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_attach';
COMMENT ON FUNCTION triage.attach(regclass, jsonb, jsonb) IS 'Attaches a table: from now on each of its tickets is decided in the transaction that inserts it. columns maps roles (id, subject, body, customer, channel, segment, language, priority, status, assigned_agent, created_at, tenant) to columns, null for none; others are guessed from the usual names. options: intent_model (default "intent"), on_error ("decide" or "raise"), clean (default true), mode ("immediate"). Returns the columns as found. Attaching again configures anew.';
REVOKE ALL ON FUNCTION triage.attach(regclass, jsonb, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.detach(tickets regclass, purge boolean DEFAULT false)
RETURNS void
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_detach';
COMMENT ON FUNCTION triage.detach(regclass, boolean) IS 'Drops the triggers of an attached table. Decisions stay, and attaching it again finds them; with purge everything about its tickets is removed.';
REVOKE ALL ON FUNCTION triage.detach(regclass, boolean) FROM PUBLIC;
