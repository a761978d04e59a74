-- src/text/text_api.sql

CREATE OR REPLACE FUNCTION triage.clean(document text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_clean_sql';
COMMENT ON FUNCTION triage.clean(text) IS 'What the requester wrote: the document without quoted replies, forwarded headers, signatures, disclaimers, ticket banners and HTML. A document that would be empty is returned whole, without its HTML.';
REVOKE ALL ON FUNCTION triage.clean(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.normalize(document text)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_normalize_sql';
COMMENT ON FUNCTION triage.normalize(text) IS 'The document as models compare it: NFKC case folding (Unicode Standard Annex 15), without ignorable characters. Reads at most support_triage.max_document_bytes.';
REVOKE ALL ON FUNCTION triage.normalize(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tokenize(document text,
    OUT start int, OUT length int, OUT token text, OUT kind text)
RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 50
AS 'MODULE_PATHNAME', 'st_tokenize_sql';
COMMENT ON FUNCTION triage.tokenize(text) IS 'The tokens that models read, in order: start (characters, from 1) and length in the document, the normalised text, and kind (word: letters, marks and numbers; symbol: one emoji or its like). Words of scripts without spaces are found by ICU''s dictionaries. Reads at most support_triage.max_document_bytes.';
REVOKE ALL ON FUNCTION triage.tokenize(text) FROM PUBLIC;
