-- src/core/header.sql: the head of the generated install script
\echo Use "CREATE EXTENSION support_triage" to load this file. \quit

-- Made here, so that it belongs to the extension and to who creates it: what the
-- triggers write, they write as the owner of this schema.
CREATE SCHEMA triage;

