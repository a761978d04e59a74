-- What a person would have said: triage did not see these labels.
WITH team AS (
    -- where the ordinary rule of an intent sends it
    SELECT DISTINCT ON (intent) intent, queue FROM triage.routing_rule
    WHERE intent IS NOT NULL ORDER BY intent, position DESC
),
seen AS (
    SELECT a.intent AS label, o.outcome = 'auto' AS automated, o.intent = a.intent AS right_intent, a.language, o.language AS told, o.in_scope IS TRUE AS in_scope, q.is_default, o.queue = team.queue AS right_team
    FROM arriving a
    JOIN triage.ticket_overview o ON o.ticket_key = a.position::text
    JOIN triage.queue q ON q.name = o.queue
    LEFT JOIN team ON team.intent = a.intent
)
SELECT count(*) AS n,
       count(*) FILTER (WHERE NOT is_default) AS sent,
       to_char(100.0 * count(*) FILTER (WHERE NOT is_default AND right_team)
               / greatest(count(*) FILTER (WHERE NOT is_default), 1), 'FM990') AS percent,
       count(*) FILTER (WHERE is_default AND in_scope) AS unsure,
       count(*) FILTER (WHERE is_default AND NOT in_scope) AS unknown,
       count(*) FILTER (WHERE automated) AS automated,
       count(*) FILTER (WHERE automated AND right_intent) AS automated_right,
       count(*) FILTER (WHERE automated) > 0 AS has_automated,
       count(*) FILTER (WHERE label = 'nonsense') AS nonsense,
       count(*) FILTER (WHERE label = 'nonsense' AND is_default) AS kept,
       count(*) FILTER (WHERE label = 'nonsense') > 0 AS has_nonsense,
       to_char(100.0 * count(*) FILTER (WHERE language = told) / greatest(count(language), 1), 'FM990') AS language_percent,
       count(DISTINCT language) AS languages, count(language) > 0 AND count(told) > 0 AS has_language
FROM seen
\gset
\echo :sent of :n went straight to a team, :percent % of them to the one that a person would choose.
\echo :unsure were too unsure for a rule, :unknown unlike anything it was taught: people at reception read them.
\if :has_automated
\echo :automated may be answered without a person, who would have said the same of :automated_right of them.
\endif
\if :has_nonsense
\echo Of :nonsense lines of nonsense :kept were kept from the teams.
\endif
\if :has_language
\echo The language was told right for :language_percent % of them, in :languages languages.
\endif
