-- src/escalation/escalation_api.sql: queueing, claiming and finishing escalations

CREATE OR REPLACE FUNCTION triage.enqueue_escalation(
    tenant_id text,
    source_id integer,
    ticket_key text,
    cause text,
    reason text,
    priority integer DEFAULT 50,
    queue text DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_enqueue_escalation';
COMMENT ON FUNCTION triage.enqueue_escalation(text, integer, text, text, text, integer, text) IS 'Queues a ticket for a person, in this transaction, without a look at the ticket; triage.escalate looks. Listeners on triage_escalation are notified at commit. Returns the escalation_id; that of the open escalation when ticket and cause are queued already, or of the finished one while the cause cools down. Errors: invalid_parameter_value for an empty cause or a priority not from 0 to 100, undefined_object for an unknown queue.';
REVOKE ALL ON FUNCTION triage.enqueue_escalation(text, integer, text, text, text, integer, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.enqueue_escalations(
    source_id integer,
    tenant_ids text[],
    ticket_keys text[],
    causes text[],
    reasons text[],
    priorities integer[],
    queue text DEFAULT NULL)
RETURNS integer
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_enqueue_escalations';
COMMENT ON FUNCTION triage.enqueue_escalations(integer, text[], text[], text[], text[], integer[], text) IS 'The same for many tickets of a source at once, by arrays of one length. Returns how many are new.';
REVOKE ALL ON FUNCTION triage.enqueue_escalations(integer, text[], text[], text[], text[], integer[], text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.claim_escalations(
    worker text,
    queue text DEFAULT NULL,
    batch integer DEFAULT 1,
    lease interval DEFAULT '5 minutes')
RETURNS SETOF triage.escalation
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'st_claim_escalations';
COMMENT ON FUNCTION triage.claim_escalations(text, text, integer, interval) IS 'The next escalations for a worker, at most batch (1 to 1000): those that are due and that nobody holds, of one queue or of all, in the order of priority, when due, and age. They are the worker''s until the lease is over (30 days at most) or it completes, fails, releases or extends them. Never waits for other workers. Each claim is an attempt; a lease that ran out is one that failed. At least once: who is late may find that another has it. Errors: invalid_parameter_value, undefined_object for an unknown queue.';
REVOKE ALL ON FUNCTION triage.claim_escalations(text, text, integer, interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complete_escalation(
    escalation_id bigint,
    worker text,
    outcome text DEFAULT NULL,
    lease_token bigint DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_complete_escalation';
COMMENT ON FUNCTION triage.complete_escalation(bigint, text, text, bigint) IS 'An escalation that the worker holds is done; it goes to triage.escalation_history with its outcome. With the lease token of the claim only that holding counts, without it any of the worker''s name. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.complete_escalation(bigint, text, text, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complete_escalations(
    escalation_ids bigint[],
    worker text,
    outcome text DEFAULT NULL,
    lease_token bigint DEFAULT NULL)
RETURNS integer
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_complete_escalations';
COMMENT ON FUNCTION triage.complete_escalations(bigint[], text, text, bigint) IS 'The same for several, all or none. Returns how many. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.complete_escalations(bigint[], text, text, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.fail_escalation(
    escalation_id bigint,
    worker text,
    error text,
    retry_after interval DEFAULT NULL,
    lease_token bigint DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_fail_escalation';
COMMENT ON FUNCTION triage.fail_escalation(bigint, text, text, interval, bigint) IS 'What the worker tried failed: the error goes to the log, and the escalation waits for the next try, which is returned: after retry_after, or as triage.escalation_policy says. After the last attempt that the policy allows it goes to triage.escalation_dead, and NULL is returned. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.fail_escalation(bigint, text, text, interval, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.release_escalation(
    escalation_id bigint,
    worker text,
    lease_token bigint DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_release_escalation';
COMMENT ON FUNCTION triage.release_escalation(bigint, text, bigint) IS 'The worker gives back what it holds; this attempt does not count. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.release_escalation(bigint, text, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.extend_escalation(
    escalation_id bigint,
    worker text,
    lease interval DEFAULT '5 minutes',
    lease_token bigint DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_extend_escalation';
COMMENT ON FUNCTION triage.extend_escalation(bigint, text, interval, bigint) IS 'The worker needs longer: the lease is over at the returned time, lease from now. Errors: object_not_in_prerequisite_state when the worker does not hold it (also when it is finished), undefined_object for an unknown number.';
REVOKE ALL ON FUNCTION triage.extend_escalation(bigint, text, interval, bigint) FROM PUBLIC;

CREATE OR REPLACE TRIGGER escalation_policy_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_policy_truncated
AFTER TRUNCATE ON triage.escalation_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_policy ENABLE ALWAYS TRIGGER escalation_policy_changed;
ALTER TABLE triage.escalation_policy ENABLE ALWAYS TRIGGER escalation_policy_truncated;
CREATE OR REPLACE TRIGGER escalation_step_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_step
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_step_truncated
AFTER TRUNCATE ON triage.escalation_step
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_step ENABLE ALWAYS TRIGGER escalation_step_changed;
ALTER TABLE triage.escalation_step ENABLE ALWAYS TRIGGER escalation_step_truncated;
CREATE OR REPLACE TRIGGER escalation_turn_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.escalation_turn
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER escalation_turn_truncated
AFTER TRUNCATE ON triage.escalation_turn
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.escalation_turn ENABLE ALWAYS TRIGGER escalation_turn_changed;
ALTER TABLE triage.escalation_turn ENABLE ALWAYS TRIGGER escalation_turn_truncated;
