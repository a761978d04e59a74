-- src/understanding/understanding_api.sql: what is noticed in a text

-- The lexicon.

CREATE OR REPLACE FUNCTION triage.lexicon_hits(document text, language text DEFAULT NULL,
    OUT start int, OUT length int, OUT value text, OUT phrase text, OUT kind text, OUT phrase_language text, OUT weight real)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'st_lexicon_hits_sql';
COMMENT ON FUNCTION triage.lexicon_hits(text, text) IS 'What the lexicon finds in a document, by place: start (characters, from 1) and length, the text there, the phrase that matched, its kind, language (the empty string: every language) and weight. With a language, only phrases of that language and of every language. Of several phrases of one kind and language the longest counts. No rows for a NULL document.';
REVOKE ALL ON FUNCTION triage.lexicon_hits(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.lexicon_shipped(
    OUT language text, OUT phrase text, OUT kind text, OUT weight real)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20000
AS 'MODULE_PATHNAME', 'st_lexicon_shipped_sql';
COMMENT ON FUNCTION triage.lexicon_shipped() IS 'The phrases that the extension brings: language (the empty string: every language), phrase, kind and weight. A weight of NULL says that the phrase is no sign of the kind. Rows of kind @NAME are the words of a class that phrases refer to.';
REVOKE ALL ON FUNCTION triage.lexicon_shipped() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.lexicon_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_lexicon_check';
COMMENT ON FUNCTION triage.lexicon_check() IS 'Trigger of triage.lexicon: brings the phrase into normal form and checks kind, weight and phrase.';
REVOKE ALL ON FUNCTION triage.lexicon_check() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.lexicon_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_lexicon_changed';
COMMENT ON FUNCTION triage.lexicon_changed() IS 'Trigger of triage.lexicon: makes every session read it anew.';
REVOKE ALL ON FUNCTION triage.lexicon_changed() FROM PUBLIC;

CREATE OR REPLACE TRIGGER lexicon_check
BEFORE INSERT OR UPDATE ON triage.lexicon
FOR EACH ROW EXECUTE FUNCTION triage.lexicon_check();
CREATE OR REPLACE TRIGGER lexicon_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.lexicon
FOR EACH ROW EXECUTE FUNCTION triage.lexicon_changed();
CREATE OR REPLACE TRIGGER lexicon_truncated
AFTER TRUNCATE ON triage.lexicon
FOR EACH STATEMENT EXECUTE FUNCTION triage.lexicon_changed();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.lexicon ENABLE ALWAYS TRIGGER lexicon_changed;
ALTER TABLE triage.lexicon ENABLE ALWAYS TRIGGER lexicon_truncated;

-- What a text states: urgency, the wish for a person, sensitive topics.

CREATE OR REPLACE FUNCTION triage.urgency(document text, language text DEFAULT NULL)
RETURNS real
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_urgency_sql';
COMMENT ON FUNCTION triage.urgency(text, text) IS 'How urgent the writer says it is, 0 to 1: 0 when nothing is stated, about 0.5 for a wish for speed, 0.8 and more for an outage, danger, or a deadline within a day. In English, Spanish, French, German, Italian, Portuguese, Arabic and Hindi, by phrases of the lexicon. A language (ISO 639-1) keeps single words of other languages out.';
REVOKE ALL ON FUNCTION triage.urgency(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.wants_human(document text, language text DEFAULT NULL)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_wants_human_sql';
COMMENT ON FUNCTION triage.wants_human(text, text) IS 'Whether the writer asks for a person, to be called, or not to talk to a machine, in thirty languages, by phrases of kind human of the lexicon.';
REVOKE ALL ON FUNCTION triage.wants_human(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.sensitive_topics(document text, language text DEFAULT NULL)
RETURNS text[]
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_sensitive_topics_sql';
COMMENT ON FUNCTION triage.sensitive_topics(text, text) IS 'Topics that a person must see: legal_threat, self_harm, medical, minors, fraud, press, data_protection, discrimination, violence, and those of your own rows of kind topic.NAME in triage.lexicon. Empty when there is none.';
REVOKE ALL ON FUNCTION triage.sensitive_topics(text, text) FROM PUBLIC;
