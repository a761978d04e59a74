-- triage.clean: hostile and odd documents; all must be quick and lose nothing
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS support_triage;
RESET client_min_messages;
SET statement_timeout = '60s';

-- 1 MB of anything; a row is a failure
SELECT unit, length(triage.clean(d)) FROM unnest(ARRAY[
    '<', '>', '&', E'\n', E'\r\n', 'On ', E'On \n', E'wrote:\n', E'On 3 Jan 2022 16:05 a@b.c\n', '<br', '<a "', '<a ''"',
    '<!--', '<style>', '<blockquote>', '<div class="gmail_quote">', '[image: ', '[', '&#', '&amp', E'-- \n', E'> \n', '>>>>> ',
    E'From: a@b.c\nTo: d\n', 'From: a To: ', E'-----Original Message-----\n', E'Kind regards\n', E'Sent from my iPhone\n',
    'intended solely for ', '_', '-', '.', ': ', E'\uFEFF', E'\u202E', E'\u0301', '写道', E'"\n<p style="display:none">']) AS unit,
    LATERAL (SELECT repeat(unit, 1000000 / octet_length(unit)) AS d) AS a
 WHERE length(triage.clean(d)) > length(d);

-- text around them survives
SELECT unit FROM unnest(ARRAY['<', '>', '&', E'\n', '<a "', '<!--', '<style>', '<p style="display:none">', '[', '&#', E'> \n', '_', E'On \n']) AS unit
 WHERE triage.clean(E'My order is late.\n' || repeat(unit, 20000) || E'\nPlease help me, Jane.') !~ 'My order is late.*help me, Jane';

-- idempotent on its own result, deterministic
SELECT count(*) AS differ
  FROM (VALUES (E'Hi\n\nOn Mon, Jan 3, 2022 at 4:05 PM S <s@e.c> wrote:\n> a'), ('<p>a<br>b</p>'), (E'a\n-- \nb')) AS v (d)
 WHERE triage.clean(triage.clean(d)) <> triage.clean(d) OR triage.clean(d) <> triage.clean(d || '');

-- control characters, marks of direction, emoji stay in what is kept
SELECT triage.clean(E'a\u200Eb \U0001F600\nc\x01d') = E'a\u200Eb \U0001F600\nc\x01d' AS odd_characters;

-- other encodings: nothing throws, what cannot be said becomes '?'
CREATE DATABASE text_clean_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE text_clean_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;
\set here :DBNAME
\c text_clean_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION support_triage;
SELECT triage.clean('<p>Gr&uuml;&szlig;e, &euro;5 &#128512; caf' || chr(233) || '</p>') AS latin1;
SELECT triage.clean(E'Zu sp\u00E4t.\n\nAm 03.01.22 um 16:05 schrieb S\u00FCd <s@example.com>:\n> alt') AS german;
SELECT length(triage.clean(repeat('<p>&euro;' || chr(255) || chr(129), 100000))) AS many;
\c text_clean_ascii
SET client_encoding = 'SQL_ASCII';
CREATE EXTENSION support_triage;
SELECT encode(triage.clean(E'late \xFF\xC3\n\n> quoted text line\n\xE2\x82')::bytea, 'escape') AS opaque;
SELECT encode(triage.clean(E'<p>\xFF&eacute;\xF0\x9F</p>')::bytea, 'escape') AS opaque_html;
\c :here
DROP DATABASE text_clean_latin1;
DROP DATABASE text_clean_ascii;
