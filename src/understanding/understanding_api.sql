-- src/understanding/understanding_api.sql: what is noticed in a text

-- likeness

CREATE OR REPLACE FUNCTION triage.signature(document text)
RETURNS bigint[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_signature_sql';
COMMENT ON FUNCTION triage.signature(text) IS 'A sketch of a document by which like documents are found through an index: MinHash of its pairs of neighbouring words (Broder 1997), 64 lanes of 16 bits in 16 elements. Like documents share elements: CREATE INDEX ON tickets USING gin (triage.signature(body)), then triage.signature(body) && triage.signature(''...'') finds 99.98 of 100 documents with a likeness of 0.8, 64 with 0.5, 2 with 0.2. Empty for a document without words. Reads 64 kB at most. Depends on the server''s version of Unicode: index anew after ICU changed.';
REVOKE ALL ON FUNCTION triage.signature(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.signature_similarity(a bigint[], b bigint[])
RETURNS real
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_signature_similarity_sql';
COMMENT ON FUNCTION triage.signature_similarity(bigint[], bigint[]) IS 'Estimates from two signatures how alike their documents are, 0 to 1, with a standard deviation of at most 0.0625; 0 when either document has no words. An array that is no signature is an error.';
REVOKE ALL ON FUNCTION triage.signature_similarity(bigint[], bigint[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.similarity(a text, b text)
RETURNS real
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_similarity_sql';
COMMENT ON FUNCTION triage.similarity(text, text) IS 'How alike two documents are: the share of pairs of neighbouring words that they have in common (Broder''s resemblance), 0 to 1, whatever the case, width and punctuation. Of n words one changed leaves (n - 1) / (n + 3). Documents without words are alike when they are the same. Reads 64 kB at most of each.';
REVOKE ALL ON FUNCTION triage.similarity(text, text) FROM PUBLIC;
