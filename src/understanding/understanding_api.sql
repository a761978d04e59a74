-- src/understanding/understanding_api.sql: what is noticed in a text

-- Personal data

CREATE OR REPLACE FUNCTION triage.find_pii(document text,
    OUT kind text, OUT start int, OUT length int, OUT value text, OUT confidence real)
RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 ROWS 5
AS 'MODULE_PATHNAME', 'st_find_pii_sql';
COMMENT ON FUNCTION triage.find_pii(text) IS 'The personal data in a document, in order and disjoint: kind, start (characters, from 1) and length in the document, its text there, and how sure it is (0 to 1). Kinds are EMAIL, PHONE, CREDIT_CARD, IBAN, IP_ADDRESS, URL, US_SSN, DATE and those of triage.pii_kind. Names of people are not found. Reads the whole document.';
REVOKE ALL ON FUNCTION triage.find_pii(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.redact(document text, kinds text[] DEFAULT NULL)
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'st_redact_sql';
COMMENT ON FUNCTION triage.redact(text, text[]) IS 'The document with each piece of personal data as <KIND>: of the given kinds, of all by default. Throws for a kind that there is not. Reads the whole document.';
REVOKE ALL ON FUNCTION triage.redact(text, text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.pii_kind_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_pii_kind_check';
COMMENT ON FUNCTION triage.pii_kind_check() IS 'Trigger of triage.pii_kind: refuses rows that could not be used.';
REVOKE ALL ON FUNCTION triage.pii_kind_check() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.pii_kind_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_pii_kind_changed';
COMMENT ON FUNCTION triage.pii_kind_changed() IS 'Trigger of triage.pii_kind: makes every session read it anew.';
REVOKE ALL ON FUNCTION triage.pii_kind_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER pii_kind_check
BEFORE INSERT OR UPDATE ON triage.pii_kind
FOR EACH ROW EXECUTE FUNCTION triage.pii_kind_check();
CREATE OR REPLACE TRIGGER pii_kind_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.pii_kind
FOR EACH ROW EXECUTE FUNCTION triage.pii_kind_changed();
CREATE OR REPLACE TRIGGER pii_kind_truncated
AFTER TRUNCATE ON triage.pii_kind
FOR EACH STATEMENT EXECUTE FUNCTION triage.pii_kind_changed();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.pii_kind ENABLE ALWAYS TRIGGER pii_kind_changed;
ALTER TABLE triage.pii_kind ENABLE ALWAYS TRIGGER pii_kind_truncated;
COMMENT ON TRIGGER pii_kind_check ON triage.pii_kind IS 'Refuses rows that could not be used.';
COMMENT ON TRIGGER pii_kind_changed ON triage.pii_kind IS 'Makes every session read the table anew.';
COMMENT ON TRIGGER pii_kind_truncated ON triage.pii_kind IS 'Makes every session read the table anew.';
