-- src/core/core_api.sql

COMMENT ON SCHEMA triage IS 'Everything of the extension support_triage: models, decisions, queues, escalations and the views that read them.';

CREATE OR REPLACE FUNCTION triage.now()
RETURNS timestamptz
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_now_sql';
COMMENT ON FUNCTION triage.now() IS 'The present as every part of support_triage sees it: support_triage.clock when set (for tests and replays), else the start of the current transaction.';
REVOKE ALL ON FUNCTION triage.now() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.configuration_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_configuration_changed';
COMMENT ON FUNCTION triage.configuration_changed() IS 'Trigger of settings tables: makes every session read them anew.';
REVOKE ALL ON FUNCTION triage.configuration_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER role_access_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON triage.role_access
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
ALTER TABLE triage.role_access ENABLE ALWAYS TRIGGER role_access_changed;

CREATE OR REPLACE FUNCTION triage.sees_tenant(tenant text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_sees_tenant_sql';
COMMENT ON FUNCTION triage.sees_tenant(text) IS 'Whether the current user may see the tickets of a tenant, by triage.role_access. The policies of the tables ask it.';
REVOKE ALL ON FUNCTION triage.sees_tenant(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.sees_all_tenants()
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_sees_all_tenants_sql';
COMMENT ON FUNCTION triage.sees_all_tenants() IS 'Whether the current user may see the tickets of all tenants. The policies of the tables ask it.';
REVOKE ALL ON FUNCTION triage.sees_all_tenants() FROM PUBLIC;
