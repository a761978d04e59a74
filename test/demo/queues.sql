SELECT queue, tickets, self_service AS self,
       assisted, senior, priority, abstained AS unknown, open_escalations AS escalated
FROM triage.queue_load
ORDER BY is_default, queue;
