-- src/understanding/understanding_tables.sql: what users add to the lexicon, to personal data, to entities

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
