-- src/core/core_tables.sql: whose tickets a role may see

CREATE TYPE triage.access_level AS ENUM ('reader', 'agent', 'lead', 'admin', 'auditor');
COMMENT ON TYPE triage.access_level IS 'What a role may do: see triage.access_matrix.';

CREATE TABLE triage.role_access (
    role       regrole PRIMARY KEY,
    level      triage.access_level NOT NULL,
    tenants    text[] CHECK (pg_catalog.array_position(tenants, NULL) IS NULL),
    granted_at timestamptz NOT NULL,
    granted_by name NOT NULL
);
COMMENT ON TABLE triage.role_access IS 'Roles that triage.grant_access gave a level, and whose tickets they may see. Written by triage.grant_access and triage.revoke_access.';
COMMENT ON COLUMN triage.role_access.role IS 'The role; its members have the same access, if they inherit its rights.';
COMMENT ON COLUMN triage.role_access.level IS 'Its level.';
COMMENT ON COLUMN triage.role_access.tenants IS 'The tenants whose tickets it may see; NULL: all. Tickets without a tenant are seen by every level.';
COMMENT ON COLUMN triage.role_access.granted_at IS 'When it was given.';
COMMENT ON COLUMN triage.role_access.granted_by IS 'Who gave it.';

SELECT pg_catalog.pg_extension_config_dump('triage.role_access', '');
