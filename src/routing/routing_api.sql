-- src/routing/routing_api.sql

CREATE OR REPLACE FUNCTION triage.routing_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_routing_changed';
COMMENT ON FUNCTION triage.routing_changed() IS 'Trigger of the tables that routing reads: makes every session read them anew.';
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

CREATE OR REPLACE FUNCTION triage.policy_stamp()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.changed_at := triage.now();
        NEW.changed_by := session_user;
    ELSIF TG_TABLE_NAME = 'sensitive_policy' THEN
        DELETE FROM triage.sensitive_policy WHERE topic = NEW.topic AND changed_at IS NULL;
    ELSE
        DELETE FROM triage.signal_policy WHERE changed_at IS NULL;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION triage.policy_stamp() IS 'Trigger of triage.signal_policy and triage.sensitive_policy: an UPDATE notes who and when; an INSERT takes the place of a row that is as it shipped, as a restore needs it.';
REVOKE ALL ON FUNCTION triage.policy_stamp() FROM PUBLIC;

CREATE OR REPLACE TRIGGER policy_stamp
BEFORE INSERT OR UPDATE ON triage.signal_policy
FOR EACH ROW EXECUTE FUNCTION triage.policy_stamp();
CREATE OR REPLACE TRIGGER policy_stamp
BEFORE INSERT OR UPDATE ON triage.sensitive_policy
FOR EACH ROW EXECUTE FUNCTION triage.policy_stamp();

CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.signal_policy
FOR EACH ROW EXECUTE FUNCTION triage.routing_changed();
CREATE OR REPLACE TRIGGER signal_policy_truncated
AFTER TRUNCATE ON triage.signal_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.routing_changed();
CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.sensitive_policy
FOR EACH ROW EXECUTE FUNCTION triage.routing_changed();
CREATE OR REPLACE TRIGGER sensitive_policy_truncated
AFTER TRUNCATE ON triage.sensitive_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.routing_changed();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.queue ENABLE ALWAYS TRIGGER routing_changed;
ALTER TABLE triage.queue ENABLE ALWAYS TRIGGER queue_truncated;
ALTER TABLE triage.routing_rule ENABLE ALWAYS TRIGGER routing_changed;
ALTER TABLE triage.routing_rule ENABLE ALWAYS TRIGGER routing_rule_truncated;
ALTER TABLE triage.signal_policy ENABLE ALWAYS TRIGGER routing_changed;
ALTER TABLE triage.signal_policy ENABLE ALWAYS TRIGGER signal_policy_truncated;
ALTER TABLE triage.sensitive_policy ENABLE ALWAYS TRIGGER routing_changed;
ALTER TABLE triage.sensitive_policy ENABLE ALWAYS TRIGGER sensitive_policy_truncated;

CREATE OR REPLACE FUNCTION triage.test_condition(condition text, facts triage.facts)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_test_condition';
COMMENT ON FUNCTION triage.test_condition(text, triage.facts) IS 'What a condition says of some facts; NULL counts as false when a rule decides. A condition is one boolean SQL expression over the attributes of triage.facts, of immutable functions and operators of pg_catalog and of this extension and triage.now(). Errors: what is wrong with the condition, with the parser''s message and position, and what it throws for these facts.';
REVOKE ALL ON FUNCTION triage.test_condition(text, triage.facts) FROM PUBLIC;
