-- What a person would have said: triage did not see these labels.
SELECT count(*) AS n,
       count(*) FILTER (WHERE d.in_scope) AS known,
       count(*) FILTER (WHERE d.in_scope IS NOT TRUE) AS unknown,
       count(*) FILTER (WHERE d.in_scope AND d.intent = a.intent) AS right,
       to_char(100.0 * count(*) FILTER (WHERE d.in_scope AND d.intent = a.intent)
               / greatest(count(*) FILTER (WHERE d.in_scope), 1), 'FM990.0') AS percent,
       count(*) FILTER (WHERE a.intent = 'nonsense') AS nonsense,
       count(*) FILTER (WHERE a.intent = 'nonsense' AND d.in_scope IS NOT TRUE) AS refused
FROM tickets t
JOIN triage.decision d ON d.ticket_key = t.id::text
JOIN arriving a ON a.position = t.id
\gset
SELECT :nonsense > 0 AS has_nonsense \gset
\echo :known of :n were understood, and of these :percent % as a person labels them.
\echo :unknown went to people because the model says "I don't know".
\if :has_nonsense
\echo Of :nonsense lines of nonsense it declined :refused
\endif
