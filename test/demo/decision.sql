-- Everything that was known of one ticket: an escalated one, where there is one.
SELECT jsonb_pretty(triage.explain_decision('tickets', d.ticket_key))
FROM triage.decision d
WHERE d.in_scope
ORDER BY d.priority DESC, d.intent_confidence DESC
LIMIT 1;
