SELECT e.priority, e.reason,
       left(regexp_replace(concat_ws(': ', t.subject, t.body), '\s+', ' ', 'g'), greatest(:width - 66, 20)) || '…' AS "a ticket that says"
FROM triage.escalation e LEFT JOIN tickets t ON t.id::text = e.ticket_key
ORDER BY e.priority DESC, e.escalation_id
LIMIT 5;
