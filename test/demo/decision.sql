-- One ticket with every factor, rule and alternative: what explain_decision gives as
-- JSON, in a few lines. :key is the ticket's.
\pset format unaligned
\pset tuples_only on
WITH e AS (SELECT triage.explain_decision('tickets', :'key') AS j),
line AS (
    SELECT 1 AS part, 0 AS n, 'ticket' AS what,
           '“' || left(d.said, :width - 16) || CASE WHEN length(d.said) > :width - 16 THEN '…”' ELSE '”' END AS said
    FROM tickets t, regexp_replace(concat_ws(': ', t.subject, t.body), '\s+', ' ', 'g') AS d(said) WHERE t.id::text = :'key'
    UNION ALL
    SELECT 2, 0, 'intents', string_agg(format('%s %s %%', x.v ->> 'intent', to_char(100 * (x.v ->> 'confidence')::real, 'FM990')), ', '
                                       ORDER BY x.n) FILTER (WHERE x.n <= 3)
    FROM e, jsonb_array_elements(j -> 'intents') WITH ORDINALITY AS x(v, n)
    UNION ALL
    SELECT 3, 0, 'words', string_agg(format('%s %s', w.token, to_char(w.c, 'SFM90.0')), ', ' ORDER BY abs(w.c) DESC)
    FROM (SELECT lower(v ->> 'token') AS token, sum((v ->> 'contribution')::real) AS c
          FROM e, jsonb_array_elements(j -> 'contributions') AS v
          WHERE v ->> 'token' ~ '[[:alpha:]]'
          GROUP BY 1 ORDER BY abs(sum((v ->> 'contribution')::real)) DESC LIMIT 7) AS w
    UNION ALL
    SELECT 4, 0, 'besides', concat_ws(', ', 'language ' || (f ->> 'language'), replace(f ->> 'sentiment_label', '_', ' '), nullif(f ->> 'emotion', 'neutral'),
                                      'urgency ' || to_char((f ->> 'urgency')::real, 'FM0.0'), 'complexity ' || to_char((f ->> 'complexity')::real, 'FM0.0'),
                                      CASE WHEN (f ->> 'wants_human')::boolean THEN 'asks for a person' END)
    FROM e, LATERAL (SELECT j -> 'facts') AS x(f)
    UNION ALL
    SELECT 5, x.n::int, 'rules', format('%s %s: %s', x.v ->> 'position', x.v ->> 'rule',
           CASE WHEN x.v ->> 'decides' = 'true' THEN 'decides'
                WHEN x.v ->> 'matches' = 'true' THEN 'would match too, comes later'
                ELSE format('no, %s is %s, not %s', x.v #>> '{failed_test,fact}', x.v #>> '{failed_test,actual}', x.v #>> '{failed_test,wanted}') END)
    FROM e, jsonb_array_elements(j -> 'rules') WITH ORDINALITY AS x(v, n)
    WHERE x.v ->> 'matches' = 'true' OR x.v #>> '{failed_test,fact}' IS DISTINCT FROM 'intent'
    UNION ALL
    SELECT 6, 0, 'automation', CASE WHEN j #>> '{automation,allowed}' = 'true' THEN 'allowed' ELSE 'no: ' || (j #>> '{automation,why_not}') END
    FROM e
    UNION ALL
    SELECT 7, 0, 'decided', format('%s, tier %s, priority %s, by model %s version %s', j #>> '{decision,queue}', j #>> '{decision,tier}',
                                   j #>> '{decision,priority}', j #>> '{decision,model}', j #>> '{decision,model_version}')
    FROM e
)
SELECT rpad(CASE WHEN row_number() OVER (PARTITION BY part ORDER BY n) = 1 THEN what ELSE '' END, 12) || said
FROM line
WHERE said IS NOT NULL
ORDER BY part, n
LIMIT 15;
