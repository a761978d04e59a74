-- Who is bound by row-level security queues, claims and finishes within its tenants
CREATE ROLE regress_st_tenant;
GRANT USAGE ON SCHEMA triage TO regress_st_tenant;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA triage TO regress_st_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON triage.escalation, triage.escalation_dead, triage.escalation_history TO regress_st_tenant;
GRANT SELECT ON triage.escalation_turn, triage.escalation_all, triage.queue_health TO regress_st_tenant;
GRANT USAGE ON SEQUENCE triage.escalation_escalation_id_seq TO regress_st_tenant;
ALTER TABLE triage.escalation ENABLE ROW LEVEL SECURITY;
ALTER TABLE triage.escalation_dead ENABLE ROW LEVEL SECURITY;
ALTER TABLE triage.escalation_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON triage.escalation USING (tenant_id = 'a');
CREATE POLICY mine ON triage.escalation_dead USING (tenant_id = 'a');
CREATE POLICY mine ON triage.escalation_history USING (tenant_id = 'a');
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
SELECT triage.cancel_escalation(1), triage.cancel_escalation(4, 'not needed');
SELECT triage.requeue_escalation(1);
SELECT tenant_id, ticket_key, status, outcome FROM triage.escalation_all ORDER BY escalation_id;
SELECT waiting, claimed, dead_letters FROM triage.queue_health;
RESET ROLE;
SELECT tenant_id, ticket_key, status, outcome FROM triage.escalation_all ORDER BY escalation_id;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA triage FROM regress_st_tenant;
REVOKE ALL ON ALL TABLES IN SCHEMA triage FROM regress_st_tenant;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA triage FROM regress_st_tenant;
REVOKE ALL ON SCHEMA triage FROM regress_st_tenant;
DROP ROLE regress_st_tenant;
