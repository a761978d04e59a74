-- src/routing/routing_api.sql

CREATE OR REPLACE FUNCTION triage.routing_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_routing_changed';
COMMENT ON FUNCTION triage.routing_changed() IS 'Trigger of triage.queue and triage.routing_rule: makes every session read them anew.';
REVOKE ALL ON FUNCTION triage.routing_changed() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.routing_rule_stamp()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_routing_rule_stamp';
COMMENT ON FUNCTION triage.routing_rule_stamp() IS 'Trigger of triage.routing_rule: an UPDATE raises the version and notes who and when.';
REVOKE ALL ON FUNCTION triage.routing_rule_stamp() FROM PUBLIC;

CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.queue
FOR EACH ROW EXECUTE FUNCTION triage.routing_changed();
CREATE OR REPLACE TRIGGER queue_truncated
AFTER TRUNCATE ON triage.queue
FOR EACH STATEMENT EXECUTE FUNCTION triage.routing_changed();

CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.routing_rule
FOR EACH ROW EXECUTE FUNCTION triage.routing_changed();
CREATE OR REPLACE TRIGGER routing_rule_truncated
AFTER TRUNCATE ON triage.routing_rule
FOR EACH STATEMENT EXECUTE FUNCTION triage.routing_changed();

CREATE OR REPLACE TRIGGER routing_rule_stamp
BEFORE UPDATE ON triage.routing_rule
FOR EACH ROW EXECUTE FUNCTION triage.routing_rule_stamp();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.queue ENABLE ALWAYS TRIGGER routing_changed;
ALTER TABLE triage.queue ENABLE ALWAYS TRIGGER queue_truncated;
ALTER TABLE triage.routing_rule ENABLE ALWAYS TRIGGER routing_changed;
ALTER TABLE triage.routing_rule ENABLE ALWAYS TRIGGER routing_rule_truncated;
