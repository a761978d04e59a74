-- A queue a label, or eight teams that share the labels where they are many. What the
-- model is less than half sure of goes to the default queue.
INSERT INTO triage.queue (name, description, is_default)
VALUES ('reception', 'People who read what nobody else is sure about', true);

CREATE TEMP TABLE team AS
SELECT intent,
       CASE WHEN count(*) OVER () <= 12 THEN intent
            ELSE 'team ' || ntile(8) OVER (ORDER BY intent) END AS queue
FROM past_tickets
GROUP BY intent;

INSERT INTO triage.queue (name, description)
SELECT queue, string_agg(intent, ', ' ORDER BY intent) FROM team GROUP BY queue ORDER BY queue;

INSERT INTO triage.routing_rule (position, name, intent, min_confidence, queue)
SELECT row_number() OVER (ORDER BY intent), intent, intent, 0.5, queue FROM team;
