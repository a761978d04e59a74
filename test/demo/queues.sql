SELECT * FROM triage.queue_load ORDER BY 1;
