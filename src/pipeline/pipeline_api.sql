-- src/pipeline/pipeline_api.sql

CREATE OR REPLACE FUNCTION triage.source_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_source_changed';
COMMENT ON FUNCTION triage.source_changed() IS 'Trigger of triage.source: makes every session read it anew.';
REVOKE ALL ON FUNCTION triage.source_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER source_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.source
FOR EACH ROW EXECUTE FUNCTION triage.source_changed();
CREATE OR REPLACE TRIGGER source_truncated
AFTER TRUNCATE ON triage.source
FOR EACH STATEMENT EXECUTE FUNCTION triage.source_changed();
-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.source ENABLE ALWAYS TRIGGER source_changed;
ALTER TABLE triage.source ENABLE ALWAYS TRIGGER source_truncated;

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

CREATE OR REPLACE FUNCTION triage.ticket_moved()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_ticket_moved';
COMMENT ON FUNCTION triage.ticket_moved() IS 'Trigger of attached tables: the status of a ticket changed, or the agent whom it names. Its clocks stand still, run on or end; a solved ticket has no owner any more and does not wait, a reopened one goes back to its agent or waits. What it says of pauses, handle time and reopening is noted in triage.ticket_handling. Created by triage.attach.';
REVOKE ALL ON FUNCTION triage.ticket_moved() FROM PUBLIC;

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
COMMENT ON FUNCTION triage.attach(regclass, jsonb, jsonb) IS 'Attaches a table: from now on each of its tickets is decided in the transaction that inserts it. columns maps roles (id, subject, body, customer, channel, segment, language, priority, status, assigned_agent, created_at, tenant) to columns, null for none; others are guessed from the usual names. options: intent_model (default "intent"), on_error ("decide" or "raise"), clean (default true), assign (default true: tickets for people wait for one), mode ("immediate", or "deferred": noted in triage.backlog and decided by the worker). Returns the columns as found. Attaching again configures anew.';
REVOKE ALL ON FUNCTION triage.attach(regclass, jsonb, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.detach(tickets regclass, purge boolean DEFAULT false)
RETURNS void
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_detach';
COMMENT ON FUNCTION triage.detach(regclass, boolean) IS 'Drops the triggers of an attached table. Decisions stay, and attaching it again finds them; with purge everything about its tickets is removed.';
REVOKE ALL ON FUNCTION triage.detach(regclass, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.message_inserted()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_message_inserted';
COMMENT ON FUNCTION triage.message_inserted() IS 'Trigger of attached messages: moves the clocks of the ticket, and puts a ticket that was answered without a person to wait for one when its customer writes again. Created by triage.attach_messages.';
REVOKE ALL ON FUNCTION triage.message_inserted() FROM PUBLIC;

CREATE OR REPLACE TRIGGER message_source_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.message_source
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER message_source_truncated
AFTER TRUNCATE ON triage.message_source
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.message_source ENABLE ALWAYS TRIGGER message_source_changed;
ALTER TABLE triage.message_source ENABLE ALWAYS TRIGGER message_source_truncated;

CREATE OR REPLACE FUNCTION triage.attach_messages(
    messages regclass,
    columns jsonb DEFAULT '{}',
    tickets regclass DEFAULT NULL,
    options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_attach_messages';
COMMENT ON FUNCTION triage.attach_messages(regclass, jsonb, regclass, jsonb) IS 'Notes which table (or view) holds the messages of an attached table''s tickets; those of a table move the tickets'' clocks from now on. columns maps roles (id, ticket, body, author_kind, created_at, tenant) to columns, null for none; others are guessed from the usual names. tickets is by default what the ticket column''s foreign key refers to, else the only attached table. options: customer, agent, bot and system, arrays of the values of author_kind that are them; without them the usual words, and all others are agents. Returns the columns as found. Attaching again configures anew.';
REVOKE ALL ON FUNCTION triage.attach_messages(regclass, jsonb, regclass, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.detach_messages(messages regclass)
RETURNS void
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_detach_messages';
COMMENT ON FUNCTION triage.detach_messages(regclass) IS 'Forgets a table of messages.';
REVOKE ALL ON FUNCTION triage.detach_messages(regclass) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.sentiment_path(
    tickets regclass,
    ticket_key text,
    tenant text DEFAULT NULL,
    OUT "position" integer,
    OUT at timestamptz,
    OUT author_kind text,
    OUT by_customer boolean,
    OUT score real,
    OUT label text,
    OUT confidence real,
    OUT mood real,
    OUT slope real)
RETURNS SETOF record
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'st_sentiment_path';
COMMENT ON FUNCTION triage.sentiment_path(regclass, text, text) IS 'How the tone of a ticket''s thread moved: the ticket''s own text, then its messages in order, the newest 1000. score (-1 to 1), label and confidence are of what the requester wrote alone; mood is the tone of the thread so far, in which the requester''s last message counts as much as all before it together; slope is the change of score a message, of the least-squares line so far. Reads ticket and messages as the caller.';
REVOKE ALL ON FUNCTION triage.sentiment_path(regclass, text, text) FROM PUBLIC;

CREATE OR REPLACE PROCEDURE triage.backfill(
    tickets regclass,
    batch_size integer DEFAULT 1000,
    escalate boolean DEFAULT true,
    INOUT decided bigint DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_backfill';
COMMENT ON PROCEDURE triage.backfill(regclass, integer, boolean, bigint) IS 'Decides the tickets of an attached table that have no decision: those from before it was attached, and those that came while triggers were off. Tries those whose outcome is failed once more; what fails again keeps its decision. Works in the order of the key, batch_size (1 to 10000) tickets a transaction; may be cancelled and called again. escalate => false queues no escalations. decided returns how many decisions were written.';
REVOKE ALL ON PROCEDURE triage.backfill(regclass, integer, boolean, bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.decide_backlog()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_decide_backlog';
COMMENT ON FUNCTION triage.decide_backlog() IS 'Decides the next 500 tickets of triage.backlog, in the order of arrival, and returns when it wants to be called again: the present when there is more to do, the next moment at which an entry is to be tried again, NULL when there is none. The worker calls it.';
REVOKE ALL ON FUNCTION triage.decide_backlog() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.decide_backlog(batch_size integer)
RETURNS bigint
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'st_decide_backlog_batch';
COMMENT ON FUNCTION triage.decide_backlog(integer) IS 'The same for batch_size (1 to 10000) tickets, up to 99 more where they were noted together; returns how many tickets it took out of the backlog. What somebody else is deciding or changing at the moment is left there.';
REVOKE ALL ON FUNCTION triage.decide_backlog(integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.forget_gone_tickets()
RETURNS timestamptz
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_forget_gone_tickets';
COMMENT ON FUNCTION triage.forget_gone_tickets() IS 'Task of the worker: removes decisions, clocks, waiting, assignments, handle times, signatures and open escalations of tickets that went with a partition that was dropped, detached or truncated, and everything about an attached table that was dropped. Looks at 1000 decisions at most, and only where triage.ticket_storage gives cause to; returns the present when there are more.';
REVOKE ALL ON FUNCTION triage.forget_gone_tickets() FROM PUBLIC;

CREATE OR REPLACE VIEW triage.backlog
WITH (security_invoker = true) AS
SELECT n.note_id,
       n.source_id,
       n.tenant_id,
       k.ticket_key COLLATE "C" AS ticket_key,
       n.noted_at,
       n.again,
       n.attempts,
       n.next_try,
       n.error
FROM triage.backlog_note n, LATERAL pg_catalog.unnest(n.ticket_keys) AS k (ticket_key);
COMMENT ON VIEW triage.backlog IS 'Tickets of tables attached with mode "deferred" that wait to be decided.';
COMMENT ON COLUMN triage.backlog.note_id IS 'Grows in the order of arrival; the same for tickets that were noted together.';
COMMENT ON COLUMN triage.backlog.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.backlog.tenant_id IS 'Tenant of the ticket; the empty string where there are no tenants.';
COMMENT ON COLUMN triage.backlog.ticket_key IS 'Key of the ticket in its table, as text.';
COMMENT ON COLUMN triage.backlog.noted_at IS 'When the ticket was inserted or changed.';
COMMENT ON COLUMN triage.backlog.again IS 'Whether the ticket was changed and is to be decided again.';
COMMENT ON COLUMN triage.backlog.attempts IS 'How often deciding it failed; after five times it is decided with outcome failed.';
COMMENT ON COLUMN triage.backlog.next_try IS 'Not before this moment is it tried again; NULL: not tried yet.';
COMMENT ON COLUMN triage.backlog.error IS 'Why the last attempt failed.';

CREATE OR REPLACE VIEW triage.backlog_status
WITH (security_invoker = true) AS
SELECT s.tickets,
       b.source_id,
       pg_catalog.count(*) AS waiting,
       pg_catalog.count(*) FILTER (WHERE b.attempts OPERATOR(pg_catalog.>) 0) AS failing,
       pg_catalog.min(b.noted_at) AS oldest,
       triage.now() OPERATOR(pg_catalog.-) pg_catalog.min(b.noted_at) AS lag,
       pg_catalog.min(b.next_try) AS next_try
FROM triage.backlog b
LEFT JOIN triage.source s ON s.source_id OPERATOR(pg_catalog.=) b.source_id
GROUP BY s.tickets, b.source_id;
COMMENT ON VIEW triage.backlog_status IS 'How many tickets of each attached table wait to be decided, and how long.';
COMMENT ON COLUMN triage.backlog_status.tickets IS 'The attached table.';
COMMENT ON COLUMN triage.backlog_status.source_id IS 'Its triage.source.source_id.';
COMMENT ON COLUMN triage.backlog_status.waiting IS 'How many tickets.';
COMMENT ON COLUMN triage.backlog_status.failing IS 'How many of them could not be decided when it was tried.';
COMMENT ON COLUMN triage.backlog_status.oldest IS 'When the oldest was noted.';
COMMENT ON COLUMN triage.backlog_status.lag IS 'How long ago that is.';
COMMENT ON COLUMN triage.backlog_status.next_try IS 'When the next of those that were tried is tried again.';

CREATE OR REPLACE FUNCTION triage.decide_again(tickets regclass, ticket_key text, tenant text DEFAULT NULL)
RETURNS triage.outcome
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_decide_again';
COMMENT ON FUNCTION triage.decide_again(regclass, text, text) IS 'Decides a ticket anew with the present model and rules and returns the outcome; the old decision goes to triage.decision_history. The tenant is needed only where keys are unique only within tenants.';
REVOKE ALL ON FUNCTION triage.decide_again(regclass, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.escalate(
    tickets regclass,
    ticket_key text,
    reason text,
    cause text DEFAULT 'manual',
    priority integer DEFAULT NULL,
    tenant text DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_escalate';
COMMENT ON FUNCTION triage.escalate(regclass, text, text, text, integer, text) IS 'Queues a ticket that the caller can read for a person, in this transaction, and notifies the channel triage_escalation. Returns the escalation_id; that of the open escalation when the ticket is queued for the same cause already. priority is 0 to 100, by default that of the ticket''s decision.';
REVOKE ALL ON FUNCTION triage.escalate(regclass, text, text, text, integer, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.explain_decision(tickets regclass, ticket_key text, tenant text DEFAULT NULL)
RETURNS jsonb
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_explain_decision';
COMMENT ON FUNCTION triage.explain_decision(regclass, text, text) IS 'Why a ticket is where it is: the decision as stored, the facts, the intents considered, what each word contributed, every rule with the test that failed, why it was not automated, and what changed since. Reads the ticket as the caller.';
REVOKE ALL ON FUNCTION triage.explain_decision(regclass, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.handoff(tickets regclass, ticket_key text, tenant text DEFAULT NULL)
RETURNS jsonb
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'st_handoff';
COMMENT ON FUNCTION triage.handoff(regclass, text, text) IS 'All that whoever takes over a ticket should know: status, entities, the decision with its facts and reasons, its history, where it waits, who had it, clocks with what is left, escalations, how the tone of the thread moved, what the requester was told (the newest 20 messages of agents and bots, up to 1000 bytes each), and related tickets: its original, its duplicates, the requester''s open ones. Reads the ticket, messages and related tickets as the caller. Errors: no_data_found for a ticket that the caller cannot see, cardinality_violation for a key that names several.';
REVOKE ALL ON FUNCTION triage.handoff(regclass, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.prune_signatures()
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH pruned AS (
        DELETE FROM triage.ticket_signature s USING triage.signal_policy p
        WHERE s.asked_at < triage.now() - greatest(p.repeat_window, p.duplicate_window)
        RETURNING 1)
    SELECT count(*) FROM pruned
$$;
COMMENT ON FUNCTION triage.prune_signatures() IS 'Removes the signatures of tickets that are too old to be the original of a duplicate, and returns how many. Call it once a day.';
REVOKE ALL ON FUNCTION triage.prune_signatures() FROM PUBLIC;

CREATE OR REPLACE TRIGGER configuration_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.intent_history
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER configuration_truncated
AFTER TRUNCATE ON triage.intent_history
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.intent_history ENABLE ALWAYS TRIGGER configuration_changed;
ALTER TABLE triage.intent_history ENABLE ALWAYS TRIGGER configuration_truncated;

CREATE OR REPLACE FUNCTION triage.learn_intent_history()
RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH solved AS (
        SELECT h.tenant_id, h.intent, count(*) AS tickets,
               CASE WHEN count(h.minutes) >= 5 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY h.minutes) END AS minutes,
               avg((h.reopened > 0)::integer)::double precision AS reopen_rate
        FROM triage.ticket_handling h
        WHERE h.intent IS NOT NULL AND h.solved_at > triage.now() - interval '180 days'
        GROUP BY h.tenant_id, h.intent
        HAVING count(*) >= 5),
    weighed AS (
        SELECT s.*, s.minutes * (1 + s.reopen_rate) AS effort FROM solved s),
    -- for both measures: how many intents are below, how many alike (itself too), how many there are
    counted AS (
        SELECT w.*,
               rank() OVER (PARTITION BY w.tenant_id ORDER BY w.effort) - 1 AS effort_below,
               count(*) OVER (PARTITION BY w.tenant_id, w.effort) AS effort_alike,
               count(w.effort) OVER (PARTITION BY w.tenant_id) AS effort_all,
               rank() OVER (PARTITION BY w.tenant_id ORDER BY w.reopen_rate) - 1 AS rate_below,
               count(*) OVER (PARTITION BY w.tenant_id, w.reopen_rate) AS rate_alike,
               count(*) OVER (PARTITION BY w.tenant_id) AS rate_all
        FROM weighed w),
    present AS (
        SELECT c.tenant_id, c.intent, c.tickets, c.minutes::real AS minutes, c.reopen_rate::real AS reopen_rate,
               CASE WHEN c.effort IS NOT NULL AND c.effort_alike < c.effort_all
                    THEN (c.effort_below + c.effort_alike / 2.0) / c.effort_all
                    WHEN c.rate_alike < c.rate_all
                    THEN (c.rate_below + c.rate_alike / 2.0) / c.rate_all END::real AS history
        FROM counted c),
    changed AS (
        INSERT INTO triage.intent_history AS i (tenant_id, intent, tickets, minutes, reopen_rate, history, computed_at)
        SELECT p.tenant_id, p.intent, p.tickets, p.minutes, p.reopen_rate, p.history, triage.now()
        FROM present p ORDER BY p.tenant_id, p.intent
        ON CONFLICT (tenant_id, intent) DO UPDATE
        SET tickets = EXCLUDED.tickets, minutes = EXCLUDED.minutes, reopen_rate = EXCLUDED.reopen_rate,
            history = EXCLUDED.history, computed_at = EXCLUDED.computed_at
        WHERE (i.tickets, i.minutes, i.reopen_rate, i.history)
              IS DISTINCT FROM (EXCLUDED.tickets, EXCLUDED.minutes, EXCLUDED.reopen_rate, EXCLUDED.history)
        RETURNING 1),
    gone AS (
        DELETE FROM triage.intent_history i
        WHERE NOT EXISTS (SELECT FROM present p WHERE p.tenant_id = i.tenant_id AND p.intent = i.intent)
        RETURNING 1)
    SELECT ((SELECT count(*) FROM changed) + (SELECT count(*) FROM gone))::integer
$$;
COMMENT ON FUNCTION triage.learn_intent_history() IS 'Finds out from triage.ticket_handling how much work tickets of each intent were that were solved in the last 180 days, and writes triage.intent_history where that is another than before. Intents with at least 5 such tickets. Returns how many rows changed, came or went.';
REVOKE ALL ON FUNCTION triage.learn_intent_history() FROM PUBLIC;

-- qualified throughout and without operators: nothing is found by search_path
CREATE OR REPLACE FUNCTION triage.decision_facts(decision triage.decision)
RETURNS triage.facts
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ROW($1.tenant_id, $1.source_id, $1.ticket_key, $1.customer,
               $1.channel, $1.segment, $1.language, $1.status,
               $1.ticket_priority, $1.assigned_agent, $1.created_at, $1.subject_length,
               $1.body_length, $1.truncated, $1.intent, $1.intent_confidence,
               $1.intent_margin, $1.in_scope, $1.model_name, $1.model_version,
               $1.language_confidence, $1.script, $1.mixed_language, $1.sentiment,
               $1.sentiment_label, $1.sentiment_confidence, $1.emotion, $1.emotion_confidence,
               $1.irony, $1.signals_conflict, $1.urgency, $1.wants_human,
               $1.sensitive_topics, $1.complexity, $1.pii_kinds, $1.duplicate_of,
               $1.duplicate_similarity, $1.repeat_contact, $1.entities, $1.complexity_history)::triage.facts
$$;
COMMENT ON FUNCTION triage.decision_facts(triage.decision) IS 'The facts of a decision as one value, as rules see them.';
REVOKE ALL ON FUNCTION triage.decision_facts(triage.decision) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.queue_in_use()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, triage, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM triage.decision d WHERE d.queue_id = OLD.queue_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('queue "%s" cannot be deleted', OLD.name),
            DETAIL = 'Tickets are waiting in it.',
            HINT = 'Change the rules that lead to it, then decide its tickets again with triage.decide_again.';
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION triage.queue_in_use() IS 'Trigger of triage.queue: a queue with tickets in it cannot be deleted.';
REVOKE ALL ON FUNCTION triage.queue_in_use() FROM PUBLIC;

CREATE OR REPLACE TRIGGER queue_in_use
BEFORE DELETE ON triage.queue
FOR EACH ROW EXECUTE FUNCTION triage.queue_in_use();
