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
COMMENT ON FUNCTION triage.lexicon_check() IS 'Trigger of triage.lexicon: brings the phrase into normal form, checks kind, weight and phrase, and notes who changed it when.';
REVOKE ALL ON FUNCTION triage.lexicon_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER lexicon_check
BEFORE INSERT OR UPDATE ON triage.lexicon
FOR EACH ROW EXECUTE FUNCTION triage.lexicon_check();
CREATE OR REPLACE TRIGGER lexicon_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.lexicon
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER lexicon_truncated
AFTER TRUNCATE ON triage.lexicon
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.lexicon ENABLE ALWAYS TRIGGER lexicon_changed;
ALTER TABLE triage.lexicon ENABLE ALWAYS TRIGGER lexicon_truncated;
COMMENT ON TRIGGER lexicon_check ON triage.lexicon IS 'Brings the phrase into normal form, and refuses rows that could not be used.';
COMMENT ON TRIGGER lexicon_changed ON triage.lexicon IS 'Makes every session read the table anew.';
COMMENT ON TRIGGER lexicon_truncated ON triage.lexicon IS 'Makes every session read the table anew.';
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

CREATE OR REPLACE TRIGGER pii_kind_check
BEFORE INSERT OR UPDATE ON triage.pii_kind
FOR EACH ROW EXECUTE FUNCTION triage.pii_kind_check();
CREATE OR REPLACE TRIGGER pii_kind_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.pii_kind
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER pii_kind_truncated
AFTER TRUNCATE ON triage.pii_kind
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.pii_kind ENABLE ALWAYS TRIGGER pii_kind_changed;
ALTER TABLE triage.pii_kind ENABLE ALWAYS TRIGGER pii_kind_truncated;
COMMENT ON TRIGGER pii_kind_check ON triage.pii_kind IS 'Refuses rows that could not be used.';
COMMENT ON TRIGGER pii_kind_changed ON triage.pii_kind IS 'Makes every session read the table anew.';
COMMENT ON TRIGGER pii_kind_truncated ON triage.pii_kind IS 'Makes every session read the table anew.';

-- Sentiment, emotion, irony.

CREATE OR REPLACE FUNCTION triage.sentiment(document text, language text DEFAULT NULL,
    OUT score real, OUT label text, OUT confidence real)
RETURNS record
LANGUAGE c STABLE PARALLEL SAFE COST 500
AS 'MODULE_PATHNAME', 'st_sentiment_sql';
COMMENT ON FUNCTION triage.sentiment(text, text) IS 'How pleased or displeased a document sounds: score from -1 to 1, label (very_negative, negative, neutral, positive, very_positive) and how sure that label is, 0 to 1. language is an ISO 639-1 code; by default it is found. English, Spanish, French, German, Italian, Portuguese, Arabic and Hindi are read by their words, others by emoji, marks and shared words. Uses the model "sentiment". NULL for a NULL document.';
REVOKE ALL ON FUNCTION triage.sentiment(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.emotion(document text, OUT label text, OUT confidence real)
RETURNS record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500
AS 'MODULE_PATHNAME', 'st_emotion_sql';
COMMENT ON FUNCTION triage.emotion(text) IS 'What the writer of a document seems to feel: anger, joy, optimism, sadness or neutral, and how sure that is, 0 to 1. A signal, not a verdict. Uses the model "emotion".';
REVOKE ALL ON FUNCTION triage.emotion(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.irony(document text)
RETURNS real
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500
AS 'MODULE_PATHNAME', 'st_irony_sql';
COMMENT ON FUNCTION triage.irony(text) IS 'How likely it is that a document means the opposite of what it says, 0 to 1. A signal, not a verdict. Uses the model "irony".';
REVOKE ALL ON FUNCTION triage.irony(text) FROM PUBLIC;

-- What a text states: urgency, the wish for a person, sensitive topics.

CREATE OR REPLACE FUNCTION triage.urgency(document text, language text DEFAULT NULL)
RETURNS real
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'st_urgency_sql';
COMMENT ON FUNCTION triage.urgency(text, text) IS 'How urgent the writer says it is, 0 to 1: 0 when nothing is stated, about 0.5 for a wish for speed, 0.8 and more for an outage, danger, or a deadline within a day. In English, Spanish, French, German, Italian, Portuguese, Arabic and Hindi, by phrases of the lexicon. A language (ISO 639-1) keeps single words of other languages out.';
REVOKE ALL ON FUNCTION triage.urgency(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.wants_human(document text, language text DEFAULT NULL)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_wants_human_sql';
COMMENT ON FUNCTION triage.wants_human(text, text) IS 'Whether the writer asks for a person, to be called, or not to talk to a machine, in thirty-four languages, by phrases of kind human of the lexicon.';
REVOKE ALL ON FUNCTION triage.wants_human(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.sensitive_topics(document text, language text DEFAULT NULL)
RETURNS text[]
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_sensitive_topics_sql';
COMMENT ON FUNCTION triage.sensitive_topics(text, text) IS 'Topics that a person must see: legal_threat, self_harm, medical, minors, fraud, press, data_protection, discrimination, violence, and those of your own rows of kind topic.NAME in triage.lexicon. Empty when there is none.';
REVOKE ALL ON FUNCTION triage.sensitive_topics(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complexity(document text)
RETURNS real
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'st_complexity_sql';
COMMENT ON FUNCTION triage.complexity(text) IS 'How much work a text promises, 0 to 1: by its length, the questions and requests in it, lines that machines wrote (logs, stack traces), items of lists, and words that mix letters and digits. No part lowers it by growing.';
REVOKE ALL ON FUNCTION triage.complexity(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complexity_parts(document text,
    OUT complexity real, OUT words int, OUT questions int, OUT requests int, OUT asks int, OUT items int, OUT codes int,
    OUT has_log boolean)
RETURNS record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'st_complexity_parts_sql';
COMMENT ON FUNCTION triage.complexity_parts(text) IS 'What triage.complexity counts: words, sentences that ask (questions), that want something done (requests), that do either (asks), items of lists, words that mix letters and digits (codes), and whether there are lines that machines wrote.';
REVOKE ALL ON FUNCTION triage.complexity_parts(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.complexity_with_history(complexity real, history real, tickets bigint)
RETURNS real
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_complexity_with_history_sql';
COMMENT ON FUNCTION triage.complexity_with_history(real, real, bigint) IS 'The complexity of a text together with what tickets of its intent were like: history is 0 to 1 (how their handle time or reopening ranks among intents: see triage.intent_history), seen in so many tickets. The middle leaves the text''s as it is; the ends add or take 0.35, half of that after 20 tickets, within 0 to 1.';
REVOKE ALL ON FUNCTION triage.complexity_with_history(real, real, bigint) FROM PUBLIC;
-- Language

CREATE OR REPLACE FUNCTION triage.language(document text,
    OUT language text, OUT confidence real, OUT script text, OUT mixed boolean)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'st_language_sql';
COMMENT ON FUNCTION triage.language(text) IS 'The language of a document (ISO 639-1; "und" when unsure), how sure that is (0 to 1, calibrated), the script of most of its letters (ISO 15924; Zyyy without letters) and whether parts of it are in another language or script. Quoted replies, signatures, HTML, addresses, code and lines of logs are not read. support_triage.languages narrows the candidates, below support_triage.language_confidence the answer is "und". Uses the model "language", which knows 75 languages; some more are known by their script. NULL for a NULL document.';
REVOKE ALL ON FUNCTION triage.language(text) FROM PUBLIC;
-- Entities

CREATE OR REPLACE FUNCTION triage.entities(document text, requester text DEFAULT NULL,
    OUT kind text, OUT start int, OUT length int, OUT value text)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL UNSAFE COST 1000 ROWS 5
AS 'MODULE_PATHNAME', 'st_entities_sql';
COMMENT ON FUNCTION triage.entities(text, text) IS 'What of one''s own tables (triage.entity_kind) a document names: the kind, start (characters, from 1) and length in the document, and the value in the form of the table''s column. Kinds with a column of requesters give only what is the requester''s. The tables are read with the rights of the caller; a kind whose table cannot be read is left out with a warning.';
REVOKE ALL ON FUNCTION triage.entities(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.entity_kind_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_entity_kind_check';
COMMENT ON FUNCTION triage.entity_kind_check() IS 'Trigger of triage.entity_kind: refuses rows that could not be used.';
REVOKE ALL ON FUNCTION triage.entity_kind_check() FROM PUBLIC;

CREATE OR REPLACE TRIGGER entity_kind_check
BEFORE INSERT OR UPDATE ON triage.entity_kind
FOR EACH ROW EXECUTE FUNCTION triage.entity_kind_check();
CREATE OR REPLACE TRIGGER entity_kind_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.entity_kind
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER entity_kind_truncated
AFTER TRUNCATE ON triage.entity_kind
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.entity_kind ENABLE ALWAYS TRIGGER entity_kind_changed;
ALTER TABLE triage.entity_kind ENABLE ALWAYS TRIGGER entity_kind_truncated;
COMMENT ON TRIGGER entity_kind_check ON triage.entity_kind IS 'Refuses rows that could not be used.';
COMMENT ON TRIGGER entity_kind_changed ON triage.entity_kind IS 'Makes every session read the table anew.';
COMMENT ON TRIGGER entity_kind_truncated ON triage.entity_kind IS 'Makes every session read the table anew.';
