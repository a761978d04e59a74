-- src/reporting/reporting_views.sql: what BI tools and people read

CREATE OR REPLACE VIEW triage.ticket_overview WITH (security_invoker = true) AS
SELECT s.tickets::text            AS tickets,
       d.tenant_id,
       d.source_id,
       d.ticket_key,
       d.created_at,
       d.decided_at,
       d.revision,
       d.customer,
       d.channel,
       d.segment,
       d.language,
       d.status,
       d.ticket_priority,
       d.assigned_agent,
       d.intent,
       d.intent_confidence,
       d.intent_margin,
       d.in_scope,
       d.sentiment,
       d.sentiment_label,
       d.emotion,
       d.urgency,
       d.complexity,
       d.complexity_history,
       d.wants_human,
       d.sensitive_topics,
       d.signals_conflict,
       d.pii_kinds,
       d.repeat_contact,
       d.duplicate_of,
       d.duplicate_similarity,
       d.entities,
       d.outcome,
       d.tier,
       q.name                     AS queue,
       d.priority,
       r.name                     AS rule,
       d.rule_version,
       d.reasons,
       pg_catalog.array_to_string(d.reasons, '; ') AS why,
       d.tags,
       d.skills,
       a.name                     AS owner,
       o.assigned_at,
       w.since                    AS waiting_since,
       p.name                     AS sla_policy,
       n.metric                   AS next_promise,
       n.due_at                   AS next_deadline,
       coalesce(n.late, false)    AS late,
       coalesce(e.open_escalations, 0)             AS open_escalations,
       e.escalated_at,
       e.escalation_reason,
       d.subject_length,
       d.body_length,
       d.truncated,
       d.model_name,
       d.model_version
FROM triage.decision d
LEFT JOIN triage.source s ON s.source_id = d.source_id
LEFT JOIN triage.queue q ON q.queue_id = d.queue_id
LEFT JOIN triage.routing_rule r ON r.rule_id = d.rule_id
LEFT JOIN triage.sla_policy p ON p.policy_id = d.sla_policy_id
LEFT JOIN triage.assignment o ON o.tenant_id = d.tenant_id AND o.source_id = d.source_id AND o.ticket_key = d.ticket_key
    AND o.released_at IS NULL
LEFT JOIN triage.agent a ON a.agent_id = o.agent_id
LEFT JOIN triage.waiting w ON w.tenant_id = d.tenant_id AND w.source_id = d.source_id AND w.ticket_key = d.ticket_key
LEFT JOIN LATERAL (
    SELECT c.metric, c.due_at, c.due_at < triage.now() AS late
    FROM triage.sla_clock c
    WHERE c.tenant_id = d.tenant_id AND c.source_id = d.source_id AND c.ticket_key = d.ticket_key AND c.due_at IS NOT NULL
    ORDER BY c.due_at
    LIMIT 1
) n ON true
LEFT JOIN (
    SELECT o.tenant_id, o.source_id, o.ticket_key,
           pg_catalog.count(*)          AS open_escalations,
           pg_catalog.min(o.created_at) AS escalated_at,
           (pg_catalog.array_agg(o.reason ORDER BY o.priority DESC, o.escalation_id))[1] AS escalation_reason
    FROM triage.escalation o
    WHERE o.status IN ('waiting', 'claimed')
    GROUP BY o.tenant_id, o.source_id, o.ticket_key
) e ON e.tenant_id = d.tenant_id AND e.source_id = d.source_id AND e.ticket_key = d.ticket_key;
COMMENT ON VIEW triage.ticket_overview IS 'One row for each decided ticket, with the names that people use.';
COMMENT ON COLUMN triage.ticket_overview.tickets IS 'The tickets table, as it is named now.';
COMMENT ON COLUMN triage.ticket_overview.tenant_id IS 'Tenant of the ticket; the empty string where there are no tenants.';
COMMENT ON COLUMN triage.ticket_overview.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.ticket_overview.ticket_key IS 'Key of the ticket in its table, as text.';
COMMENT ON COLUMN triage.ticket_overview.created_at IS 'When the ticket was created; NULL when no column tells.';
COMMENT ON COLUMN triage.ticket_overview.decided_at IS 'When it was decided last.';
COMMENT ON COLUMN triage.ticket_overview.revision IS 'How often it was decided, 1 or more.';
COMMENT ON COLUMN triage.ticket_overview.customer IS 'Who wrote the ticket.';
COMMENT ON COLUMN triage.ticket_overview.channel IS 'Where the ticket came from.';
COMMENT ON COLUMN triage.ticket_overview.segment IS 'Customer segment.';
COMMENT ON COLUMN triage.ticket_overview.language IS 'Language of the ticket, from the mapped column or detected.';
COMMENT ON COLUMN triage.ticket_overview.status IS 'Status of the ticket when it was decided.';
COMMENT ON COLUMN triage.ticket_overview.ticket_priority IS 'Priority that the ticket itself carried.';
COMMENT ON COLUMN triage.ticket_overview.assigned_agent IS 'Agent whom the ticket itself named.';
COMMENT ON COLUMN triage.ticket_overview.intent IS 'What the ticket is about; the nearest guess when in_scope is false.';
COMMENT ON COLUMN triage.ticket_overview.intent_confidence IS 'Calibrated probability of the intent, 0 to 1.';
COMMENT ON COLUMN triage.ticket_overview.intent_margin IS 'Confidence less that of the second intent, 0 to 1.';
COMMENT ON COLUMN triage.ticket_overview.in_scope IS 'False when the model did not know this kind of ticket.';
COMMENT ON COLUMN triage.ticket_overview.sentiment IS 'Tone of the text, -1 (bad) to 1 (good).';
COMMENT ON COLUMN triage.ticket_overview.sentiment_label IS 'The same in words.';
COMMENT ON COLUMN triage.ticket_overview.emotion IS 'anger, joy, optimism, sadness or neutral.';
COMMENT ON COLUMN triage.ticket_overview.urgency IS 'Urgency as the text states it, 0 to 1.';
COMMENT ON COLUMN triage.ticket_overview.complexity IS 'How much work the ticket promises, 0 to 1: its text, and how much tickets of its intent were.';
COMMENT ON COLUMN triage.ticket_overview.complexity_history IS 'What of that the history of the intent added, -0.35 to 0.35; NULL when none was known.';
COMMENT ON COLUMN triage.ticket_overview.wants_human IS 'Whether the text asks for a person.';
COMMENT ON COLUMN triage.ticket_overview.sensitive_topics IS 'Sensitive topics that the text touches.';
COMMENT ON COLUMN triage.ticket_overview.signals_conflict IS 'Whether tone and situation disagree: see triage.signal_policy.';
COMMENT ON COLUMN triage.ticket_overview.pii_kinds IS 'Kinds of personal data in the text.';
COMMENT ON COLUMN triage.ticket_overview.repeat_contact IS 'How many earlier tickets the same requester wrote with the same intent within triage.signal_policy.repeat_window; NULL when it cannot be known.';
COMMENT ON COLUMN triage.ticket_overview.duplicate_of IS 'ticket_key of an earlier ticket that says nearly the same; NULL when there is none.';
COMMENT ON COLUMN triage.ticket_overview.duplicate_similarity IS 'How alike the two are, 0 to 1.';
COMMENT ON COLUMN triage.ticket_overview.entities IS 'What the text names that the user''s own tables have.';
COMMENT ON COLUMN triage.ticket_overview.outcome IS 'auto, assist, human, abstain or failed.';
COMMENT ON COLUMN triage.ticket_overview.tier IS 'self_service, assisted, senior or priority.';
COMMENT ON COLUMN triage.ticket_overview.queue IS 'Name of the queue it waits in.';
COMMENT ON COLUMN triage.ticket_overview.priority IS '0 (can wait) to 100 (at once).';
COMMENT ON COLUMN triage.ticket_overview.rule IS 'Name of the rule that decided; NULL when none matched.';
COMMENT ON COLUMN triage.ticket_overview.rule_version IS 'Version of that rule when it decided.';
COMMENT ON COLUMN triage.ticket_overview.reasons IS 'Why, one element for each reason.';
COMMENT ON COLUMN triage.ticket_overview.why IS 'The reasons as one line.';
COMMENT ON COLUMN triage.ticket_overview.tags IS 'Tags that rules gave it.';
COMMENT ON COLUMN triage.ticket_overview.skills IS 'Skills that whoever takes it must have.';
COMMENT ON COLUMN triage.ticket_overview.owner IS 'Name of the agent who has it; NULL when nobody has.';
COMMENT ON COLUMN triage.ticket_overview.assigned_at IS 'Since when.';
COMMENT ON COLUMN triage.ticket_overview.waiting_since IS 'Since when it waits for a person; NULL when it does not.';
COMMENT ON COLUMN triage.ticket_overview.sla_policy IS 'Name of the policy that its clocks run by; NULL when there is none.';
COMMENT ON COLUMN triage.ticket_overview.next_promise IS 'Which promise to the requester is due next.';
COMMENT ON COLUMN triage.ticket_overview.next_deadline IS 'When it is due; NULL when no clock runs.';
COMMENT ON COLUMN triage.ticket_overview.late IS 'Whether that is past, by triage.now().';
COMMENT ON COLUMN triage.ticket_overview.open_escalations IS 'How many escalations of the ticket are open.';
COMMENT ON COLUMN triage.ticket_overview.escalated_at IS 'When the oldest open escalation was queued; NULL when none is open.';
COMMENT ON COLUMN triage.ticket_overview.escalation_reason IS 'Reason of the most urgent open escalation.';
COMMENT ON COLUMN triage.ticket_overview.subject_length IS 'Bytes of the subject.';
COMMENT ON COLUMN triage.ticket_overview.body_length IS 'Bytes of the body before cleaning.';
COMMENT ON COLUMN triage.ticket_overview.truncated IS 'Whether the document was cut at support_triage.max_document_bytes.';
COMMENT ON COLUMN triage.ticket_overview.model_name IS 'Model that predicted the intent.';
COMMENT ON COLUMN triage.ticket_overview.model_version IS 'Version of that model.';
REVOKE ALL ON triage.ticket_overview FROM PUBLIC;

CREATE OR REPLACE VIEW triage.agent_load WITH (security_invoker = true) AS
SELECT a.agent_id,
       a.name                                         AS agent,
       a.display_name,
       a.active,
       CASE
           WHEN p.agent_id IS NULL THEN 'offline'::triage.presence
           WHEN p.expires_at <= triage.now() AND p.presence IN ('available', 'away') THEN 'lost'
           ELSE p.presence
       END                                            AS presence,
       p.seen_at,
       a.capacity,
       coalesce(l.units, 0)                           AS units,
       greatest(a.capacity - coalesce(l.units, 0), 0) AS units_free,
       coalesce(l.tickets, 0)                         AS tickets,
       o.oldest_ticket,
       nullif(l.last_assigned_at, '-infinity')        AS last_assigned_at,
       coalesce(o.released, 0)                        AS released,
       q.queues
FROM triage.agent a
LEFT JOIN triage.agent_presence p ON p.agent_id = a.agent_id
LEFT JOIN triage.agent_work l ON l.agent_id = a.agent_id
LEFT JOIN (
    SELECT s.agent_id,
           pg_catalog.min(s.assigned_at) FILTER (WHERE s.released_at IS NULL)                       AS oldest_ticket,
           pg_catalog.count(*) FILTER (WHERE s.released_at >= triage.now() - '1 day'::interval)     AS released
    FROM triage.assignment s
    WHERE s.released_at IS NULL OR s.released_at >= triage.now() - '1 day'::interval
    GROUP BY s.agent_id
) o ON o.agent_id = a.agent_id
LEFT JOIN (
    SELECT s.agent, pg_catalog.array_agg(s.queue ORDER BY s.position, s.queue) AS queues
    FROM triage.agent_queue s
    GROUP BY s.agent
) q ON q.agent = a.name;
COMMENT ON VIEW triage.agent_load IS 'One row for each agent: whether they are there, what they have, and how much more they could take.';
COMMENT ON COLUMN triage.agent_load.agent_id IS 'Identity of the agent.';
COMMENT ON COLUMN triage.agent_load.agent IS 'Name of the agent.';
COMMENT ON COLUMN triage.agent_load.display_name IS 'Name that people see.';
COMMENT ON COLUMN triage.agent_load.active IS 'Whether the agent gets new tickets at all.';
COMMENT ON COLUMN triage.agent_load.presence IS 'What the agent said last, by triage.now(): lost when that has expired, offline for who never said anything. Shifts and leave are not looked at.';
COMMENT ON COLUMN triage.agent_load.seen_at IS 'When the agent was heard of last.';
COMMENT ON COLUMN triage.agent_load.capacity IS 'Units of work that the agent has room for.';
COMMENT ON COLUMN triage.agent_load.units IS 'Units that their tickets take.';
COMMENT ON COLUMN triage.agent_load.units_free IS 'Units that are left; 0 for who has more than their capacity.';
COMMENT ON COLUMN triage.agent_load.tickets IS 'How many tickets they have.';
COMMENT ON COLUMN triage.agent_load.oldest_ticket IS 'Since when they have the ticket that they have had longest; NULL for who has none.';
COMMENT ON COLUMN triage.agent_load.last_assigned_at IS 'When they got a ticket last.';
COMMENT ON COLUMN triage.agent_load.released IS 'How many tickets they solved or gave back within the last 24 hours.';
COMMENT ON COLUMN triage.agent_load.queues IS 'Queues that they serve, in their order.';
REVOKE ALL ON triage.agent_load FROM PUBLIC;

CREATE OR REPLACE VIEW triage.routing_reasons WITH (security_invoker = true) AS
SELECT d.tenant_id,
       d.source_id,
       d.ticket_key,
       d.decided_at,
       d.outcome,
       d.tier,
       q.name                                                              AS queue,
       r.position,
       r.reason,
       pg_catalog.regexp_replace(r.reason, '[0-9]+(\.[0-9]+)?', 'N', 'g') AS pattern
FROM triage.decision d
LEFT JOIN triage.queue q ON q.queue_id = d.queue_id
CROSS JOIN LATERAL pg_catalog.unnest(d.reasons) WITH ORDINALITY AS r (reason, position);
COMMENT ON VIEW triage.routing_reasons IS 'Why tickets are where they are: one row for each reason of each decision. Count by pattern to see what decides most.';
COMMENT ON COLUMN triage.routing_reasons.tenant_id IS 'Tenant of the ticket; the empty string where there are no tenants.';
COMMENT ON COLUMN triage.routing_reasons.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.routing_reasons.ticket_key IS 'Key of the ticket in its table, as text.';
COMMENT ON COLUMN triage.routing_reasons.decided_at IS 'When it was decided.';
COMMENT ON COLUMN triage.routing_reasons.outcome IS 'auto, assist, human, abstain or failed.';
COMMENT ON COLUMN triage.routing_reasons.tier IS 'self_service, assisted, senior or priority.';
COMMENT ON COLUMN triage.routing_reasons.queue IS 'Name of the queue.';
COMMENT ON COLUMN triage.routing_reasons.position IS 'Place among the reasons of the decision, from 1.';
COMMENT ON COLUMN triage.routing_reasons.reason IS 'The reason, with the values compared.';
COMMENT ON COLUMN triage.routing_reasons.pattern IS 'The reason with N for each number, so that like reasons can be counted.';
REVOKE ALL ON triage.routing_reasons FROM PUBLIC;

CREATE OR REPLACE VIEW triage.queue_load WITH (security_invoker = true) AS
SELECT q.queue_id,
       q.name                            AS queue,
       q.tier                            AS queue_tier,
       q.is_default,
       coalesce(d.tickets, 0)            AS tickets,
       coalesce(d.self_service, 0)       AS self_service,
       coalesce(d.assisted, 0)           AS assisted,
       coalesce(d.senior, 0)             AS senior,
       coalesce(d.priority, 0)           AS priority,
       coalesce(d.abstained, 0)          AS abstained,
       coalesce(d.failed, 0)             AS failed,
       coalesce(e.open_escalations, 0)   AS open_escalations,
       e.oldest_escalation,
       d.oldest_decision,
       coalesce(w.waiting, 0)            AS waiting,
       w.oldest_waiting,
       coalesce(o.owned, 0)              AS owned,
       coalesce(g.agents, 0)             AS agents,
       coalesce(g.agents_there, 0)       AS agents_there,
       coalesce(g.units_free, 0)         AS units_free
FROM triage.queue q
LEFT JOIN (
    SELECT t.queue_id,
           pg_catalog.count(*)                                          AS tickets,
           pg_catalog.count(*) FILTER (WHERE t.tier = 'self_service')   AS self_service,
           pg_catalog.count(*) FILTER (WHERE t.tier = 'assisted')       AS assisted,
           pg_catalog.count(*) FILTER (WHERE t.tier = 'senior')         AS senior,
           pg_catalog.count(*) FILTER (WHERE t.tier = 'priority')       AS priority,
           pg_catalog.count(*) FILTER (WHERE t.outcome = 'abstain')     AS abstained,
           pg_catalog.count(*) FILTER (WHERE t.outcome = 'failed')      AS failed,
           pg_catalog.min(t.decided_at)                                 AS oldest_decision
    FROM triage.decision t
    GROUP BY t.queue_id
) d ON d.queue_id = q.queue_id
LEFT JOIN (
    SELECT o.queue_id,
           pg_catalog.count(*)          AS open_escalations,
           pg_catalog.min(o.created_at) AS oldest_escalation
    FROM triage.escalation o
    WHERE o.status IN ('waiting', 'claimed')
    GROUP BY o.queue_id
) e ON e.queue_id = q.queue_id
LEFT JOIN (
    SELECT t.queue_id,
           pg_catalog.count(*)     AS waiting,
           pg_catalog.min(t.since) AS oldest_waiting
    FROM triage.waiting t
    GROUP BY t.queue_id
) w ON w.queue_id = q.queue_id
LEFT JOIN (
    SELECT t.queue_id, pg_catalog.count(*) AS owned
    FROM triage.assignment t
    WHERE t.released_at IS NULL
    GROUP BY t.queue_id
) o ON o.queue_id = q.queue_id
LEFT JOIN (
    SELECT s.queue,
           pg_catalog.count(*)                                                    AS agents,
           pg_catalog.count(*) FILTER (WHERE a.presence = 'available')            AS agents_there,
           pg_catalog.sum(a.units_free) FILTER (WHERE a.presence = 'available')   AS units_free
    FROM triage.agent_queue s
    JOIN triage.agent_load a ON a.agent = s.agent AND a.active
    GROUP BY s.queue
) g ON g.queue = q.name;
COMMENT ON VIEW triage.queue_load IS 'One row for each queue: how many tickets were routed to it, how they divide, what is escalated, what waits, and who could take it.';
COMMENT ON COLUMN triage.queue_load.queue_id IS 'Identity of the queue.';
COMMENT ON COLUMN triage.queue_load.queue IS 'Name of the queue.';
COMMENT ON COLUMN triage.queue_load.queue_tier IS 'Least tier of tickets in the queue for which no rule names one.';
COMMENT ON COLUMN triage.queue_load.is_default IS 'Whether it is the queue of last resort.';
COMMENT ON COLUMN triage.queue_load.tickets IS 'Tickets whose present decision names the queue.';
COMMENT ON COLUMN triage.queue_load.self_service IS 'Those of tier self_service.';
COMMENT ON COLUMN triage.queue_load.assisted IS 'Those of tier assisted.';
COMMENT ON COLUMN triage.queue_load.senior IS 'Those of tier senior.';
COMMENT ON COLUMN triage.queue_load.priority IS 'Those of tier priority.';
COMMENT ON COLUMN triage.queue_load.abstained IS 'Those that the model did not know.';
COMMENT ON COLUMN triage.queue_load.failed IS 'Those whose triage failed.';
COMMENT ON COLUMN triage.queue_load.open_escalations IS 'Open escalations of tickets in the queue.';
COMMENT ON COLUMN triage.queue_load.oldest_escalation IS 'When the oldest of them was queued; NULL when there are none.';
COMMENT ON COLUMN triage.queue_load.oldest_decision IS 'When the oldest of the decisions was made; NULL when there are none.';
COMMENT ON COLUMN triage.queue_load.waiting IS 'Tickets that wait in it for a person.';
COMMENT ON COLUMN triage.queue_load.oldest_waiting IS 'Since when the one waits that has waited longest; NULL when none does.';
COMMENT ON COLUMN triage.queue_load.owned IS 'Tickets from it that agents have.';
COMMENT ON COLUMN triage.queue_load.agents IS 'Active agents who serve it, there or not.';
COMMENT ON COLUMN triage.queue_load.agents_there IS 'Those of them who are available by triage.agent_presence; shifts and leave are not looked at.';
COMMENT ON COLUMN triage.queue_load.units_free IS 'Capacity that these have left, in units; an agent of several queues counts in each.';
REVOKE ALL ON triage.queue_load FROM PUBLIC;

CREATE OR REPLACE VIEW triage.intent_volume WITH (security_invoker = true) AS
SELECT pg_catalog.date_trunc('hour', coalesce(d.created_at, d.decided_at))     AS hour,
       d.tenant_id,
       d.source_id,
       CASE WHEN d.in_scope THEN d.intent END                                  AS intent,
       pg_catalog.count(*)                                                     AS tickets,
       pg_catalog.count(*) FILTER (WHERE d.outcome = 'auto')                   AS automated,
       pg_catalog.count(*) FILTER (WHERE d.outcome IN ('assist', 'human'))     AS to_people,
       pg_catalog.count(*) FILTER (WHERE d.outcome = 'abstain')                AS abstained,
       pg_catalog.count(*) FILTER (WHERE d.outcome = 'failed')                 AS failed,
       pg_catalog.avg(d.intent_confidence) FILTER (WHERE d.in_scope)           AS mean_confidence,
       pg_catalog.count(*) FILTER (WHERE d.repeat_contact > 0)                 AS repeat_contacts,
       pg_catalog.count(d.duplicate_of)                                        AS duplicates,
       pg_catalog.avg(d.sentiment)                                             AS mean_sentiment
FROM triage.decision d
GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW triage.intent_volume IS 'Tickets by hour and intent, for trends.';
COMMENT ON COLUMN triage.intent_volume.hour IS 'The hour in which the tickets were created, else decided, in the time zone of the session.';
COMMENT ON COLUMN triage.intent_volume.tenant_id IS 'Tenant of the tickets; the empty string where there are no tenants.';
COMMENT ON COLUMN triage.intent_volume.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.intent_volume.intent IS 'The intent; NULL for tickets that the model did not know.';
COMMENT ON COLUMN triage.intent_volume.tickets IS 'How many tickets.';
COMMENT ON COLUMN triage.intent_volume.automated IS 'Those with outcome auto.';
COMMENT ON COLUMN triage.intent_volume.to_people IS 'Those with outcome assist or human.';
COMMENT ON COLUMN triage.intent_volume.abstained IS 'Those with outcome abstain.';
COMMENT ON COLUMN triage.intent_volume.failed IS 'Those with outcome failed.';
COMMENT ON COLUMN triage.intent_volume.mean_confidence IS 'Mean calibrated probability of the intent, 0 to 1.';
COMMENT ON COLUMN triage.intent_volume.repeat_contacts IS 'Those whose requester came with the same before: see triage.signal_policy.repeat_window.';
COMMENT ON COLUMN triage.intent_volume.duplicates IS 'Those that say nearly the same as an earlier ticket.';
COMMENT ON COLUMN triage.intent_volume.mean_sentiment IS 'Mean tone, -1 (bad) to 1 (good); NULL when it was not computed.';
REVOKE ALL ON triage.intent_volume FROM PUBLIC;

CREATE OR REPLACE VIEW triage.sla_status WITH (security_invoker = true) AS
SELECT c.tenant_id,
       c.source_id,
       c.ticket_key,
       c.metric,
       c.cycle,
       p.name AS policy,
       c.calendar,
       c.state,
       c.target,
       u.used,
       pg_catalog.round((100 * pg_catalog.date_part('epoch', u.used) / pg_catalog.date_part('epoch', c.target))::numeric, 1) AS percent_used,
       c.due_at,
       c.breached_at IS NOT NULL OR u.used > c.target AS breached
FROM triage.sla_clock c
LEFT JOIN triage.sla_policy p ON p.policy_id = c.policy_id
CROSS JOIN LATERAL (
    SELECT c.consumed + CASE
        WHEN c.running_since IS NULL OR c.running_since > triage.now() THEN '0'::interval
        WHEN c.calendar IS NULL THEN pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', triage.now() - c.running_since))
        ELSE triage.business_elapsed(c.calendar, c.running_since, triage.now()) END AS used) u
WHERE c.state IN ('running', 'paused');
COMMENT ON VIEW triage.sla_status IS 'Promises that are open: one row for each clock that runs or stands still.';
COMMENT ON COLUMN triage.sla_status.tenant_id IS 'Tenant of the ticket; the empty string where there are none.';
COMMENT ON COLUMN triage.sla_status.source_id IS 'The attached table: triage.source.source_id.';
COMMENT ON COLUMN triage.sla_status.ticket_key IS 'Key of the ticket, as text.';
COMMENT ON COLUMN triage.sla_status.metric IS 'What was promised.';
COMMENT ON COLUMN triage.sla_status.cycle IS 'Which time it is promised, for metrics that begin again.';
COMMENT ON COLUMN triage.sla_status.policy IS 'Name of the policy; NULL when it is gone.';
COMMENT ON COLUMN triage.sla_status.calendar IS 'In which business time it counts; NULL around the clock.';
COMMENT ON COLUMN triage.sla_status.state IS 'running or paused.';
COMMENT ON COLUMN triage.sla_status.target IS 'Business time that was promised.';
COMMENT ON COLUMN triage.sla_status.used IS 'Business time that has passed, by triage.now().';
COMMENT ON COLUMN triage.sla_status.percent_used IS 'The same in percent of the target; above 100 is late.';
COMMENT ON COLUMN triage.sla_status.due_at IS 'The deadline; NULL while the clock stands still.';
COMMENT ON COLUMN triage.sla_status.breached IS 'Whether the deadline has passed.';

CREATE OR REPLACE VIEW triage.sla_report WITH (security_invoker = true) AS
SELECT c.tenant_id,
       p.name AS policy,
       c.metric,
       pg_catalog.count(*) FILTER (WHERE c.state = 'met')                               AS met,
       pg_catalog.count(*) FILTER (WHERE c.state = 'met' AND c.breached_at IS NULL)     AS in_time,
       pg_catalog.count(*) FILTER (WHERE c.state = 'met' AND c.breached_at IS NOT NULL) AS late,
       pg_catalog.count(*) FILTER (WHERE c.state IN ('running', 'paused'))              AS open,
       pg_catalog.count(*) FILTER (WHERE c.state = 'cancelled')                         AS cancelled,
       pg_catalog.round(100.0 * pg_catalog.count(*) FILTER (WHERE c.state = 'met' AND c.breached_at IS NULL)
             / nullif(pg_catalog.count(*) FILTER (WHERE c.state = 'met'), 0), 1)        AS percent_in_time,
       pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY c.consumed) FILTER (WHERE c.state = 'met') AS median,
       pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY c.consumed) FILTER (WHERE c.state = 'met') AS ninth_decile
FROM triage.sla_clock c
LEFT JOIN triage.sla_policy p ON p.policy_id = c.policy_id
GROUP BY c.tenant_id, p.name, c.metric;
COMMENT ON VIEW triage.sla_report IS 'Promises that were kept and broken, by policy and metric, in business time: counted by what the clocks themselves counted.';
COMMENT ON COLUMN triage.sla_report.tenant_id IS 'Tenant of the tickets; the empty string where there are none.';
COMMENT ON COLUMN triage.sla_report.policy IS 'Name of the policy; NULL for those that are gone.';
COMMENT ON COLUMN triage.sla_report.metric IS 'What was promised.';
COMMENT ON COLUMN triage.sla_report.met IS 'How often it has happened, in time or late.';
COMMENT ON COLUMN triage.sla_report.in_time IS 'Of these, in time.';
COMMENT ON COLUMN triage.sla_report.late IS 'Of these, late.';
COMMENT ON COLUMN triage.sla_report.open IS 'Promises that are open.';
COMMENT ON COLUMN triage.sla_report.cancelled IS 'Promises that were cancelled: they count as neither.';
COMMENT ON COLUMN triage.sla_report.percent_in_time IS 'in_time of met, in percent; NULL when none was met.';
COMMENT ON COLUMN triage.sla_report.median IS 'Median of the business time until it was met.';
COMMENT ON COLUMN triage.sla_report.ninth_decile IS 'Nine of ten were met within this business time.';
