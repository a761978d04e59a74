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

CREATE OR REPLACE FUNCTION triage.test_condition(condition text, facts triage.facts)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_test_condition';
COMMENT ON FUNCTION triage.test_condition(text, triage.facts) IS 'What a condition says of some facts; NULL counts as false when a rule decides. A condition is one boolean SQL expression over the attributes of triage.facts, of immutable functions and operators of pg_catalog and of this extension and triage.now(). Errors: what is wrong with the condition, with the parser''s message and position, and what it throws for these facts.';
REVOKE ALL ON FUNCTION triage.test_condition(text, triage.facts) FROM PUBLIC;
