-- src/routing/routing_api.sql

CREATE OR REPLACE FUNCTION triage.routing_rule_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_routing_rule_check';
COMMENT ON FUNCTION triage.routing_rule_check() IS 'Trigger of triage.routing_rule: refuses a condition that is none and malformed skills; an UPDATE raises the version and notes who and when.';
REVOKE ALL ON FUNCTION triage.routing_rule_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.queue
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER queue_truncated
AFTER TRUNCATE ON triage.queue
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.routing_rule
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER routing_rule_truncated
AFTER TRUNCATE ON triage.routing_rule
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

CREATE OR REPLACE TRIGGER routing_rule_check
BEFORE INSERT OR UPDATE ON triage.routing_rule
FOR EACH ROW EXECUTE FUNCTION triage.routing_rule_check();

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
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER signal_policy_truncated
AFTER TRUNCATE ON triage.signal_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER routing_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.sensitive_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER sensitive_policy_truncated
AFTER TRUNCATE ON triage.sensitive_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

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

-- Agents, the queues they serve, and who has which ticket

CREATE OR REPLACE FUNCTION triage.waiting_rank(since timestamptz, priority int, ageing real)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_waiting_rank_sql';
COMMENT ON FUNCTION triage.waiting_rank(timestamptz, int, real) IS 'The rank of a ticket that waits: since, less an hour for each so many points (ageing) of its priority. The least is taken first.';
REVOKE ALL ON FUNCTION triage.waiting_rank(timestamptz, int, real) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.enqueue_ticket(
    tenant_id text, source_id int, ticket_key text, queue text, priority int DEFAULT 50, channel text DEFAULT NULL,
    language text DEFAULT NULL, skills jsonb DEFAULT NULL, since timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_enqueue_ticket';
COMMENT ON FUNCTION triage.enqueue_ticket(text, int, text, text, int, text, text, jsonb, timestamptz) IS 'Has a ticket wait in a queue for a person. skills is an array of {"skill", "level" (1 to 10, default 1), "drop_after" (an interval; never when left out)}. since is by default now. A ticket that waits already goes on waiting since when it did, with the new queue, priority and needs. Returns whether it waits: false for one that has an owner. Errors: undefined_object for an unknown queue or skill, invalid_parameter_value for a priority outside 0 to 100 or malformed skills.';
REVOKE ALL ON FUNCTION triage.enqueue_ticket(text, int, text, text, int, text, text, jsonb, timestamptz) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.withdraw_ticket(tenant_id text, source_id int, ticket_key text)
RETURNS boolean
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_withdraw_ticket';
COMMENT ON FUNCTION triage.withdraw_ticket(text, int, text) IS 'Has a ticket wait no longer; whether it did.';
REVOKE ALL ON FUNCTION triage.withdraw_ticket(text, int, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.claim_ticket(
    agent text, batch int DEFAULT 1, OUT tenant_id text, OUT source_id int, OUT ticket_key text, OUT queue text,
    OUT priority smallint, OUT since timestamptz, OUT channel text, OUT language text, OUT units smallint)
RETURNS SETOF record
LANGUAGE c VOLATILE ROWS 1
AS 'MODULE_PATHNAME', 'st_claim_ticket';
COMMENT ON FUNCTION triage.claim_ticket(text, int) IS 'Gives an agent the next ticket of the queues that they serve, or up to batch (1 to 1000) of them; no row when nothing waits that they may take, or they have no room. Never more than their capacity, whoever else claims or assigns at the same time. An agent without presence may claim; so may one who is off shift or on leave. Errors: undefined_object for an unknown agent, object_not_in_prerequisite_state for one who is not active, or whose presence is not available.';
REVOKE ALL ON FUNCTION triage.claim_ticket(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.assign_tickets(batch int DEFAULT 100)
RETURNS int
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_assign_tickets_sql';
COMMENT ON FUNCTION triage.assign_tickets(int) IS 'Gives tickets that wait, in the order of their rank, to agents who are available, on shift, not on leave, and have room; at most batch (1 to 10000). Each goes to the agent who had it before it was reopened, else to whom the queue comes first, who has most of what it needs, the greatest share of capacity free, and had no new ticket for longest. Returns how many. Agents and tickets that another session is at are passed over.';
REVOKE ALL ON FUNCTION triage.assign_tickets(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.ticket_agents(
    tenant_id text, source_id int, ticket_key text,
    OUT agent text, OUT may_take boolean, OUT why_not text, OUT units_free int, OUT tickets int)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_ticket_agents';
COMMENT ON FUNCTION triage.ticket_agents(text, int, text) IS 'For a ticket that waits: each agent, whether triage.assign_tickets could give it to them now, and why not. Error: undefined_object when the ticket does not wait.';
REVOKE ALL ON FUNCTION triage.ticket_agents(text, int, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.release_ticket(tenant_id text, source_id int, ticket_key text, why text DEFAULT 'given back')
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_release_ticket';
COMMENT ON FUNCTION triage.release_ticket(text, int, text, text) IS 'Takes a ticket from its owner and puts it back into its queue, where it was: with its rank, before others of the same rank. Error: object_not_in_prerequisite_state when it has no owner.';
REVOKE ALL ON FUNCTION triage.release_ticket(text, int, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complete_ticket(tenant_id text, source_id int, ticket_key text, why text DEFAULT 'solved')
RETURNS boolean
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_complete_ticket';
COMMENT ON FUNCTION triage.complete_ticket(text, int, text, text) IS 'A ticket is solved: it has no owner any more, and does not wait. Whether it had one, or did.';
REVOKE ALL ON FUNCTION triage.complete_ticket(text, int, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.reopen_ticket(tenant_id text, source_id int, ticket_key text, why text DEFAULT 'reopened')
RETURNS text
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_reopen_ticket';
COMMENT ON FUNCTION triage.reopen_ticket(text, int, text, text) IS 'A ticket that was solved is open again: it goes to its last agent if they are available, on shift and have room, else it waits in its queue, and that agent gets it first when they claim. Returns the agent who has it; NULL when it waits. Error: undefined_object for a ticket that never had an owner.';
REVOKE ALL ON FUNCTION triage.reopen_ticket(text, int, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.release_agent(agent text, why text DEFAULT 'the agent is gone')
RETURNS int
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_release_agent';
COMMENT ON FUNCTION triage.release_agent(text, text) IS 'Returns all tickets of an agent to their queues; how many. Error: undefined_object for an unknown agent.';
REVOKE ALL ON FUNCTION triage.release_agent(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.forget_assignments(source_id int, tenants text[], ticket_keys text[])
RETURNS void
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_forget_assignments';
COMMENT ON FUNCTION triage.forget_assignments(int, text[], text[]) IS 'Tickets are gone: they no longer wait, and who has or had them is forgotten. The arrays have the same length.';
REVOKE ALL ON FUNCTION triage.forget_assignments(int, text[], text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.return_lost_tickets()
RETURNS int
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_return_lost_tickets_sql';
COMMENT ON FUNCTION triage.return_lost_tickets() IS 'Makes agents lost whose presence has expired, and returns their tickets to the queues; how many. For the tick.';
REVOKE ALL ON FUNCTION triage.return_lost_tickets() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.overflow_tickets(batch int DEFAULT 1000)
RETURNS int
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_overflow_tickets_sql';
COMMENT ON FUNCTION triage.overflow_tickets(int) IS 'Moves tickets that waited longer than queue_policy.max_wait to the overflow queue, at most batch (1 to 100000); how many. For the tick.';
REVOKE ALL ON FUNCTION triage.overflow_tickets(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.check_waiting()
RETURNS int
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_check_waiting_sql';
COMMENT ON FUNCTION triage.check_waiting() IS 'Raises the alerts that hold for the tickets that wait now, and resolves those that no longer do; how many it raised. Reads all that waits. For the tick.';
REVOKE ALL ON FUNCTION triage.check_waiting() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.agent_heartbeat(agent text, expires_in interval DEFAULT '2 minutes')
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_agent_heartbeat';
COMMENT ON FUNCTION triage.agent_heartbeat(text, interval) IS 'An agent is there: until expires_in from now without another word. Who was not heard of, or never said anything, is available from now on; who said to be away or offline stays so. Errors: undefined_object for an unknown agent, invalid_parameter_value for an expiry that is not in the future.';
REVOKE ALL ON FUNCTION triage.agent_heartbeat(text, interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.set_presence(agent text, presence triage.presence, expires_in interval DEFAULT NULL)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_set_presence';
COMMENT ON FUNCTION triage.set_presence(text, triage.presence, interval) IS 'An agent says available, away or offline; without expires_in until they say otherwise. Tickets stay theirs. Errors: undefined_object for an unknown agent, invalid_parameter_value for lost and for an expiry that is not in the future.';
REVOKE ALL ON FUNCTION triage.set_presence(text, triage.presence, interval) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.agent_check()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    load triage.agent_work;
BEGIN
    SELECT * INTO load FROM triage.agent_work l WHERE l.agent_id = OLD.agent_id FOR UPDATE;
    IF TG_OP = 'DELETE' THEN
        IF load.tickets > 0 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'dependent_objects_still_exist',
                MESSAGE = format('agent "%s" cannot be deleted', OLD.name),
                DETAIL = CASE load.tickets WHEN 1 THEN '1 ticket is theirs.' ELSE format('%s tickets are theirs.', load.tickets) END,
                HINT = format('Return them to their queues by triage.release_agent(%L), or set the agent inactive.', OLD.name);
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.agent_id <> OLD.agent_id THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'the number of an agent cannot be changed',
            HINT = 'Change the name instead.';
    END IF;
    IF NEW.capacity < OLD.capacity AND NEW.capacity >= 0 AND load.units > NEW.capacity THEN
        RAISE NOTICE USING
            MESSAGE = format('agent "%s" has more than the new capacity: %s units of %s', NEW.name, load.units, NEW.capacity),
            HINT = 'Nothing is taken away; new tickets come when there is room.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION triage.agent_check() IS 'Trigger of triage.agent: refuses to delete an agent who has tickets, and tells when a capacity is lowered below what the agent has.';
REVOKE ALL ON FUNCTION triage.agent_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER agent_check
BEFORE UPDATE OR DELETE ON triage.agent
FOR EACH ROW EXECUTE FUNCTION triage.agent_check();

CREATE OR REPLACE FUNCTION triage.agent_begin()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'agent_work' THEN
        DELETE FROM triage.agent_work l WHERE l.agent_id = NEW.agent_id AND l.tickets = 0;
        RETURN NEW;
    END IF;
    INSERT INTO triage.agent_work (agent_id) VALUES (NEW.agent_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION triage.agent_begin() IS 'Trigger of triage.agent: an agent begins with an empty load. Trigger of triage.agent_work: a row that a restore brings takes the place of an empty one.';
REVOKE ALL ON FUNCTION triage.agent_begin() FROM PUBLIC;

CREATE OR REPLACE TRIGGER agent_begin
AFTER INSERT ON triage.agent
FOR EACH ROW EXECUTE FUNCTION triage.agent_begin();
CREATE OR REPLACE TRIGGER agent_begin
BEFORE INSERT ON triage.agent_work
FOR EACH ROW EXECUTE FUNCTION triage.agent_begin();

CREATE OR REPLACE FUNCTION triage.queue_policy_check()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chain text[] := ARRAY[NEW.queue];
    next text := NEW.overflow_queue;
BEGIN
    WHILE next IS NOT NULL LOOP
        chain := chain || next;
        IF next = NEW.queue OR cardinality(chain) > 100 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = 'queues overflow in a circle',
                DETAIL = format('%s.', array_to_string(chain, ' to ')),
                HINT = 'The last queue of a chain has no overflow queue.';
        END IF;
        SELECT p.overflow_queue INTO next FROM triage.queue_policy p WHERE p.queue = next;
    END LOOP;
    UPDATE triage.waiting w SET rank = triage.waiting_rank(w.since, w.priority, NEW.ageing)
    FROM triage.queue q
    WHERE q.name = NEW.queue AND w.queue_id = q.queue_id AND w.rank <> triage.waiting_rank(w.since, w.priority, NEW.ageing);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION triage.queue_policy_check() IS 'Trigger of triage.queue_policy: refuses overflow in a circle, and gives the tickets that wait in the queue the rank of the new ageing.';
REVOKE ALL ON FUNCTION triage.queue_policy_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER queue_policy_check
AFTER INSERT OR UPDATE ON triage.queue_policy
FOR EACH ROW EXECUTE FUNCTION triage.queue_policy_check();

CREATE OR REPLACE FUNCTION triage.queue_waiting()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM triage.waiting w WHERE w.queue_id = OLD.queue_id)
       OR EXISTS (SELECT FROM triage.assignment a WHERE a.queue_id = OLD.queue_id AND a.released_at IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'dependent_objects_still_exist',
            MESSAGE = format('queue "%s" cannot be deleted', OLD.name),
            DETAIL = 'Tickets wait in it, or would return to it.',
            HINT = 'Have them wait in another queue by triage.enqueue_ticket, or complete them.';
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION triage.queue_waiting() IS 'Trigger of triage.queue: a queue in which tickets wait cannot be deleted.';
REVOKE ALL ON FUNCTION triage.queue_waiting() FROM PUBLIC;

CREATE OR REPLACE TRIGGER queue_waiting
BEFORE DELETE ON triage.queue
FOR EACH ROW EXECUTE FUNCTION triage.queue_waiting();

-- also for rows that logical replication brings, which fires row triggers only
CREATE OR REPLACE TRIGGER agent_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.agent
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_truncated
AFTER TRUNCATE ON triage.agent
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_skill_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.agent_skill
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_skill_truncated
AFTER TRUNCATE ON triage.agent_skill
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_queue_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.agent_queue
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_queue_truncated
AFTER TRUNCATE ON triage.agent_queue
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_channel_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.agent_channel
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_channel_truncated
AFTER TRUNCATE ON triage.agent_channel
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_shift_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.agent_shift
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_shift_truncated
AFTER TRUNCATE ON triage.agent_shift
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_leave_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.agent_leave
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER agent_leave_truncated
AFTER TRUNCATE ON triage.agent_leave
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER channel_weight_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.channel_weight
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER channel_weight_truncated
AFTER TRUNCATE ON triage.channel_weight
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER queue_policy_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.queue_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER queue_policy_truncated
AFTER TRUNCATE ON triage.queue_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

ALTER TABLE triage.agent ENABLE ALWAYS TRIGGER agent_changed;
ALTER TABLE triage.agent ENABLE ALWAYS TRIGGER agent_truncated;
ALTER TABLE triage.agent_skill ENABLE ALWAYS TRIGGER agent_skill_changed;
ALTER TABLE triage.agent_skill ENABLE ALWAYS TRIGGER agent_skill_truncated;
ALTER TABLE triage.agent_queue ENABLE ALWAYS TRIGGER agent_queue_changed;
ALTER TABLE triage.agent_queue ENABLE ALWAYS TRIGGER agent_queue_truncated;
ALTER TABLE triage.agent_channel ENABLE ALWAYS TRIGGER agent_channel_changed;
ALTER TABLE triage.agent_channel ENABLE ALWAYS TRIGGER agent_channel_truncated;
ALTER TABLE triage.agent_shift ENABLE ALWAYS TRIGGER agent_shift_changed;
ALTER TABLE triage.agent_shift ENABLE ALWAYS TRIGGER agent_shift_truncated;
ALTER TABLE triage.agent_leave ENABLE ALWAYS TRIGGER agent_leave_changed;
ALTER TABLE triage.agent_leave ENABLE ALWAYS TRIGGER agent_leave_truncated;
ALTER TABLE triage.channel_weight ENABLE ALWAYS TRIGGER channel_weight_changed;
ALTER TABLE triage.channel_weight ENABLE ALWAYS TRIGGER channel_weight_truncated;
ALTER TABLE triage.queue_policy ENABLE ALWAYS TRIGGER queue_policy_changed;
ALTER TABLE triage.queue_policy ENABLE ALWAYS TRIGGER queue_policy_truncated;
