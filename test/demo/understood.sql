-- Some tickets of different kinds: what was understood, the words that say so, and
-- where they went. :width is that of the line.
\pset format unaligned
\pset tuples_only on
WITH seen AS (
    SELECT t.id, t.subject, t.body, t.language, o.intent, o.intent_confidence, coalesce(o.in_scope, false) AS in_scope,
           o.tier, o.priority, o.queue, o.rule,
           coalesce(t.language, 'en') <> 'en' AS is_foreign,
           length(concat_ws(': ', t.subject, t.body)) AS n
    FROM tickets t
    JOIN triage.ticket_overview o ON o.ticket_key = t.id::text
),
picked AS (
    SELECT 1 AS part, id FROM (
        SELECT DISTINCT ON (intent) * FROM seen
        WHERE in_scope AND NOT is_foreign AND n BETWEEN 30 AND 85
        ORDER BY intent, md5(id::text)) AS s
    ORDER BY 1, md5(intent) LIMIT 3
),
foreign_picked AS (
    SELECT 2 AS part, id FROM (
        SELECT DISTINCT ON (language) * FROM seen
        WHERE in_scope AND is_foreign AND n < 85
        ORDER BY language, intent_confidence DESC, id) AS s
    ORDER BY 1, md5(language) LIMIT 2
),
urgent_picked AS (
    SELECT 3 AS part, id FROM seen WHERE in_scope ORDER BY priority DESC, n, id LIMIT 1
),
unknown_picked AS (
    SELECT 4 AS part, id FROM seen WHERE NOT in_scope AND n < 85 ORDER BY md5(id::text) LIMIT 2
),
chosen AS (
    SELECT id, min(part) AS part
    FROM (TABLE picked UNION ALL TABLE foreign_picked UNION ALL TABLE urgent_picked UNION ALL TABLE unknown_picked) AS p
    GROUP BY id
),
line AS (
    SELECT s.*, c.part, regexp_replace(concat_ws(': ', s.subject, s.body), '\s+', ' ', 'g') AS said,
           -- Chinese, Japanese and Korean letters take two columns of a terminal
           :width / CASE WHEN s.language IN ('zh', 'ja', 'ko') THEN 2 ELSE 1 END AS room,
           (SELECT string_agg(e.token, ', ' ORDER BY e.contribution DESC)
            FROM (SELECT lower(x.token) AS token, sum(x.contribution) AS contribution
                  FROM triage.explain('intent', concat_ws(E'\n', s.subject, s.body)) AS x
                  WHERE x.contribution > 0 AND x.token ~ '[[:alpha:]]'
                  GROUP BY 1 ORDER BY 2 DESC LIMIT 4) AS e) AS because
    FROM seen s JOIN chosen c USING (id)
)
SELECT CASE WHEN length(said) <= room - 2 THEN format('“%s”', said)
            ELSE format('“%s…”', left(said, room - 3)) END || E'\n' ||
       CASE WHEN in_scope
            THEN format('    %s, %s %% sure', intent, floor(100 * intent_confidence)) || coalesce('; because of: ' || because, '')
            ELSE coalesce(format('    I don''t know; nearest is %s, %s %%', intent, floor(100 * intent_confidence)), '    I don''t know') END ||
       E'\n' || format('    → %s, tier %s, priority %s', queue, tier, priority) || CASE WHEN rule IS NULL THEN '; no rule takes it' ELSE format('; rule “%s”', rule) END || E'\n'
FROM line
ORDER BY part, id;
