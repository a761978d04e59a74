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
-- Personal data: what users add to what is built in

CREATE TABLE triage.pii_kind (
    name        text PRIMARY KEY,
    description text,
    pattern     text,
    checksum    text NOT NULL DEFAULT 'none',
    context     text[] NOT NULL DEFAULT '{}',
    threshold   real NOT NULL DEFAULT 0.5 CHECK (threshold >= 0 AND threshold <= 1),
    allow       text,
    enabled     boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE triage.pii_kind IS 'Kinds of personal data beside those that are built in (EMAIL, PHONE, CREDIT_CARD, IBAN, IP_ADDRESS, URL, US_SSN, DATE), and settings of these: a row of the same name. A row named * has an allow-list for all kinds. Rows are checked when they are written.';
COMMENT ON COLUMN triage.pii_kind.name IS 'Name of the kind: capital letters, digits and underscores, at most 63; redacted text has <NAME>.';
COMMENT ON COLUMN triage.pii_kind.description IS 'What it is, for people.';
COMMENT ON COLUMN triage.pii_kind.pattern IS 'Regular expression (PostgreSQL''s, without back-references) of what is of this kind. It matches whole tokens of at most 256 characters; digits of any script are seen as 0 to 9, full-width forms as ASCII. NULL for kinds that are built in; there, a pattern adds to the built-in rules.';
COMMENT ON COLUMN triage.pii_kind.checksum IS 'Checksum that the digits of a match must satisfy: none, luhn, iban, mod97 (ISO 7064 MOD 97-10), mod11 (ISBN-10, NHS), mod11_10 (ISO 7064 MOD 11,10), verhoeff, ean.';
COMMENT ON COLUMN triage.pii_kind.context IS 'Words that raise the confidence of a match when they stand near it, in any case, with or without accents.';
COMMENT ON COLUMN triage.pii_kind.threshold IS 'Least confidence, 0 to 1, of what is reported. A match of the pattern has 0.5, with its checksum 0.85; a context word adds 0.4.';
COMMENT ON COLUMN triage.pii_kind.allow IS 'Regular expression of what is never of this kind, such as order numbers of one''s own.';
COMMENT ON COLUMN triage.pii_kind.enabled IS 'Whether the kind is looked for at all.';

SELECT pg_catalog.pg_extension_config_dump('triage.pii_kind', '');

-- Entities: what of the user's own tables a text may name

CREATE TABLE triage.entity_kind (
    name             text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    description      text,
    relation         regclass NOT NULL,
    key_column       name NOT NULL,
    requester_column name,
    pattern          text,
    letter_case      text NOT NULL DEFAULT 'same' CHECK (letter_case IN ('same', 'lower', 'upper')),
    max_words        smallint NOT NULL DEFAULT 3 CHECK (max_words >= 1 AND max_words <= 5),
    enabled          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE triage.entity_kind IS 'Kinds of entities: things in tables of one''s own, such as orders and products, that tickets name. What a text names is an entity only when the table has a row for it. Rows are checked when they are written.';
COMMENT ON COLUMN triage.entity_kind.name IS 'Name of the kind, such as order: small letters, digits and underscores, at most 63.';
COMMENT ON COLUMN triage.entity_kind.description IS 'What it is, for people.';
COMMENT ON COLUMN triage.entity_kind.relation IS 'The table, partitioned table or materialized view that has them. A renamed one is followed; one that is gone makes a warning.';
COMMENT ON COLUMN triage.entity_kind.key_column IS 'Its column that texts name them by. There should be an index on it.';
COMMENT ON COLUMN triage.entity_kind.requester_column IS 'Its column that says whose they are: only those of the requester are entities then. NULL: they belong to nobody.';
COMMENT ON COLUMN triage.entity_kind.pattern IS 'Regular expression (PostgreSQL''s, without back-references) of what may be one: whole tokens, at most 256 characters, of which the first parentheses, where there are any, hold what is looked up. At most 32 different ones of a document are. NULL: any words, for columns of strings; at most 512 phrases.';
COMMENT ON COLUMN triage.entity_kind.letter_case IS 'How candidates are written when they are looked up: same (as in the text), lower, upper.';
COMMENT ON COLUMN triage.entity_kind.max_words IS 'Words that a phrase may have, 1 to 5, where there is no pattern.';
COMMENT ON COLUMN triage.entity_kind.enabled IS 'Whether the kind is looked for at all.';

SELECT pg_catalog.pg_extension_config_dump('triage.entity_kind', '');
