-- Six tickets that need a second look: what was noticed, and what it does. :width is
-- that of the line.
\pset format unaligned
\pset tuples_only on
INSERT INTO tickets (subject, body, customer_id, channel) VALUES
    (NULL, 'Since nine this morning the checkout ends with error 502, nobody in our office can pay for an order.', 20001, 'web'),
    (NULL, 'Hi, since nine this morning the checkout ends with error 502, nobody in our office can pay for an order!', 20002, 'email'),
    (NULL, 'Where is my order? It was due on Monday.', 20003, 'chat'),
    (NULL, 'Where is my order? I asked before. I want to talk to a human being now, please.', 20003, 'chat'),
    ('Refund', 'If I do not get my money back by Friday my lawyer will write to you. Pay to IBAN GB82 WEST 1234 5698 7654 32.', 20004, 'email'),
    (NULL, 'Warum ist mein Paket immer noch nicht da? Ich bin wirklich enttäuscht und sehr verärgert.', 20005, 'email');

WITH seen AS (
    SELECT o.*, regexp_replace(concat_ws(': ', t.subject, t.body), '\s+', ' ', 'g') AS said
    FROM triage.ticket_overview o JOIN tickets t ON o.ticket_key = t.id::text
    WHERE t.customer_id > 20000
)
SELECT CASE WHEN length(said) <= :width - 2 THEN format('“%s”', said) ELSE format('“%s…”', left(said, :width - 3)) END
    || E'\n    ' || concat_ws(', ',
           'language ' || language,
           replace(nullif(sentiment_label, 'neutral'), '_', ' '),
           nullif(emotion, 'neutral'),
           CASE WHEN urgency >= 0.5 THEN 'urgent' END,
           CASE WHEN wants_human THEN 'asks for a person' END,
           'topic ' || nullif(array_to_string(sensitive_topics, ', '), ''),
           'personal data ' || nullif(array_to_string(pii_kinds, ', '), ''),
           CASE WHEN repeat_contact > 0 THEN format('came with the same before (%s)', repeat_contact) END,
           CASE WHEN duplicate_of IS NOT NULL THEN format('says what ticket %s says (%s %%)', duplicate_of, round(100 * duplicate_similarity::numeric)) END)
    || E'\n' || format('    → %s: %s, tier %s, priority %s', outcome, queue, tier, priority)
    || CASE WHEN open_escalations > 0 THEN ', escalated: ' || escalation_reason ELSE '' END || E'\n'
FROM seen
ORDER BY ticket_key::bigint;
