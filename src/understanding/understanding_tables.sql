-- src/understanding/understanding_tables.sql: what users add to the lexicon, to personal data, to entities

-- The lexicon: phrases that users add, or that take the place of shipped ones.
CREATE TABLE triage.lexicon (
    language   text NOT NULL DEFAULT '' CHECK (language ~ '^([a-z]{2,3})?$'),
    phrase     text NOT NULL,
    kind       text NOT NULL,
    weight     real,
    note       text,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    changed_by name NOT NULL DEFAULT session_user,
    PRIMARY KEY (language, kind, phrase)
);
COMMENT ON TABLE triage.lexicon IS 'Words and phrases that mean something, beside the shipped ones (triage.lexicon_shipped). A row with the language, kind and phrase of a shipped one takes its place.';
COMMENT ON COLUMN triage.lexicon.language IS 'Language of the phrase, ISO 639; the empty string: every language.';
COMMENT ON COLUMN triage.lexicon.phrase IS 'Up to 12 words, 250 bytes, stored in normal form as tokens are: "*" after a word stands for any ending, "#" in a word for digits. Phrases of scripts without spaces are found within words too.';
COMMENT ON COLUMN triage.lexicon.kind IS 'What the phrase is a sign of: sentiment, intensifier, negation, contrast, polite, anger, joy, optimism, sadness, deadline, outage, money, safety, soon, human, request, or topic.NAME for a sensitive topic, also one of your own.';
COMMENT ON COLUMN triage.lexicon.weight IS 'How strongly: 0 to 1; sentiment -4 to 4; intensifier and soon -1 to 1. NULL: no sign of this kind at all, and it removes signs that it overlaps, but for longer ones that contain it.';
COMMENT ON COLUMN triage.lexicon.note IS 'Why the row exists, for people.';
COMMENT ON COLUMN triage.lexicon.changed_at IS 'When the row was written.';
COMMENT ON COLUMN triage.lexicon.changed_by IS 'Who wrote it.';

SELECT pg_catalog.pg_extension_config_dump('triage.lexicon', '');
