-- Agents and leads queue, claim and finish within their tenants
\set SHOW_CONTEXT never
CREATE ROLE regress_st_tenant;
SELECT triage.grant_access('regress_st_tenant', 'lead', ARRAY['a']);
SELECT triage.enqueue_escalations(1, ARRAY['b', 'a', 'b', 'a'], ARRAY['1', '2', '3', '4'], array_fill('manual'::text, ARRAY[4]),
    array_fill('why'::text, ARRAY[4]), ARRAY[90, 80, 70, 60]);

SET ROLE regress_st_tenant;
SELECT tenant_id, ticket_key, attempts FROM triage.claim_escalations('w', batch => 1);
SELECT tenant_id, ticket_key, attempts FROM triage.claim_escalations('w', batch => 10);
SELECT tenant_id, ticket_key, attempts FROM triage.claim_escalations('w', batch => 10);
SELECT triage.complete_escalation(2, 'w', 'done');
SELECT triage.enqueue_escalation('a', 1, '5', 'manual', 'mine') AS mine;
SELECT triage.enqueue_escalation('a', 1, '5', 'manual', 'mine') AS mine;
SELECT triage.enqueue_escalation('b', 1, '6', 'manual', 'not mine');
RESET ROLE;

-- another tenant's do not exist, even when one knows number and worker
SELECT count(*) FROM triage.claim_escalations('w', batch => 10);
SET ROLE regress_st_tenant;
SELECT triage.complete_escalation(1, 'w');
SELECT triage.fail_escalation(3, 'w', 'why');
SELECT triage.extend_escalation(3, 'w');
SELECT triage.acknowledge_escalation(1);
SELECT triage.cancel_escalation(1);
SELECT triage.cancel_escalation(4, 'not needed');
SELECT triage.requeue_escalation(1);
SELECT tenant_id, ticket_key, status, outcome FROM triage.escalation_all ORDER BY escalation_id;
SELECT waiting, claimed, dead_letters FROM triage.queue_health;
RESET ROLE;
SELECT tenant_id, ticket_key, status, outcome FROM triage.escalation_all ORDER BY escalation_id;

SELECT triage.revoke_access('regress_st_tenant');
DROP ROLE regress_st_tenant;
