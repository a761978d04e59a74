-- src/text/text_api.sql

CREATE OR REPLACE FUNCTION triage.clean(document text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_clean_sql';
COMMENT ON FUNCTION triage.clean(text) IS 'What the requester wrote: the document without quoted replies, forwarded headers, signatures, disclaimers, ticket banners and HTML. A document that would be empty is returned whole, without its HTML.';
REVOKE ALL ON FUNCTION triage.clean(text) FROM PUBLIC;
