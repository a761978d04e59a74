-- One answer of ten may be wrong, with a certainty of 0.9: the confidence from which
-- on that holds is solved from predictions of tickets that the model has not seen.
SELECT recorded, wrong FROM triage.record_held_out('intent', :'held_out')
\gset
SELECT :'own' = 'yes' AS own \gset
\if :own
INSERT INTO triage.automation_policy (intent, accepted_error, certainty, min_evidence)
SELECT intent, 0.1, 0.9, 20 FROM past_tickets GROUP BY intent ORDER BY count(*) DESC, intent LIMIT 4;
\else
INSERT INTO triage.automation_policy (intent, accepted_error, certainty, min_evidence)
SELECT intent, 0.1, 0.9, 20
FROM unnest('{order_status,cancel_order,change_address,return_item,subscription_pause,account_access}'::text[]) AS intent;
\endif
SELECT triage.solve_automation() \gset
\echo Of :recorded tickets that it had not seen, it took :wrong for something else. One wrong answer of ten is accepted:
SELECT intent, seen, evidence AS most_sure, errors AS wrong, to_char(100 * bound, 'FM990 %') AS at_most,
       coalesce('a machine, from ' || trim_scale(round(100 * threshold::numeric, 1)) || ' % sure on', 'a person') AS who_answers
FROM triage.automation_status
ORDER BY threshold, intent;
