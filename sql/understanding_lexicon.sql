-- Words and phrases that mean something: the shipped ones, and one's own.
SET extra_float_digits = 0;

-- what is shipped: every kind, the main languages in all of them
SELECT count(*) > 100000 AS many, count(DISTINCT language) AS languages,
    count(DISTINCT kind) FILTER (WHERE kind NOT LIKE 'topic.%' AND kind NOT LIKE '@%') AS kinds,
    count(DISTINCT kind) FILTER (WHERE kind LIKE 'topic.%') AS topics
FROM triage.lexicon_shipped();
SELECT language, string_agg(k, ' ' ORDER BY k) AS missing
FROM (SELECT l AS language, k FROM unnest(ARRAY['en', 'de', 'es', 'fr', 'it', 'pt', 'ar', 'hi']) AS l,
        unnest(ARRAY['deadline', 'outage', 'money', 'safety', 'soon', 'human', 'request', 'topic.legal_threat', 'topic.self_harm',
            'topic.medical', 'topic.minors', 'topic.fraud', 'topic.press', 'topic.data_protection', 'topic.discrimination', 'topic.violence']) AS k
    EXCEPT SELECT language, kind FROM triage.lexicon_shipped()) AS missing
GROUP BY language;
SELECT min(weight) >= -4 AND max(weight) <= 4 AS in_range, bool_or(weight IS NULL) AS some_are_none FROM triage.lexicon_shipped();

-- what is found: places in characters of the document as given; the longest of its kind
SELECT start, length, value, kind, phrase_language, weight
FROM triage.lexicon_hits('Grüße! My lawyer will write; call me back.', 'en') WHERE kind IN ('human', 'topic.legal_threat', 'outage');
SELECT h.value, h.kind FROM triage.lexicon_hits('The site was NOT down. Is the site down?', 'en') AS h WHERE kind = 'outage';
SELECT * FROM triage.lexicon_hits('');
SELECT * FROM triage.lexicon_hits(NULL);

-- one's own: a word, a stem, digits, several words, an emoji, a script without spaces; in any language, or all
INSERT INTO triage.lexicon (language, phrase, kind, weight, note) VALUES
    ('en', 'Bricked', 'outage', 0.8, 'of our routers'), ('en', 'brown*', 'outage', 0.4, NULL), ('', 'code #', 'outage', 0.5, NULL),
    ('de', 'kein Licht mehr', 'outage', 0.9, NULL), ('', '🧯', 'safety', 0.9, NULL), ('ja', '停電', 'outage', 0.9, NULL),
    ('en', 'kaput', 'sentiment', -3, NULL);
SELECT language, phrase, kind, weight, changed_by = SESSION_USER AS mine FROM triage.lexicon ORDER BY language, phrase;
SELECT t AS document, h.value, h.phrase, h.phrase_language, h.weight
FROM (VALUES (1, 'It is BRICKED'), (2, 'Brownouts all day'), (3, 'It shows code 4711'), (4, 'Hier ist kein  Licht mehr!'), (5, 'now 🧯 please'),
    (6, '今日は停電です'), (7, 'the unbricked one')) AS v(n, t), triage.lexicon_hits(t) AS h
WHERE h.kind IN ('outage', 'safety') ORDER BY n, h.start;
SELECT triage.urgency('It is bricked') > 0.7 AS counts_at_once, (triage.sentiment('It is kaput', 'en')).score < -0.3 AS mood_too;

-- one's own instead of the shipped: another weight, or none
SELECT round(triage.urgency('asap')::numeric, 2) AS shipped;
INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES ('en', 'asap', 'soon', 0.1);
SELECT round(triage.urgency('asap', 'en')::numeric, 2) AS weaker;
UPDATE triage.lexicon SET weight = NULL WHERE phrase = 'asap';
SELECT round(triage.urgency('asap', 'en')::numeric, 2) AS none;
BEGIN;
DELETE FROM triage.lexicon WHERE phrase = 'asap';
SELECT round(triage.urgency('asap', 'en')::numeric, 2) AS within;
ROLLBACK;
SELECT round(triage.urgency('asap', 'en')::numeric, 2) AS rolled_back;
TRUNCATE triage.lexicon;
SELECT round(triage.urgency('asap', 'en')::numeric, 2) AS again, triage.urgency('It is bricked') AS gone;

-- what is refused, and why
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('x', 'mood', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('x', 'topic.', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('x', 'topic.Bad Name', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('x', 'outage', 2);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('x', 'sentiment', -5);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('x', 'outage', 'NaN');
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('', 'outage', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES (' , ', 'outage', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('a*b', 'outage', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('*', 'outage', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES ('one two three four five six seven eight nine ten eleven twelve thirteen', 'outage', 1);
\set VERBOSITY terse
INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES ('English', 'x', 'outage', 1);
INSERT INTO triage.lexicon (phrase, kind, weight) VALUES (NULL, 'outage', 1);
\set VERBOSITY default
SELECT count(*) FROM triage.lexicon;

-- many rows
INSERT INTO triage.lexicon (language, phrase, kind, weight)
SELECT 'en', format('zword%s and more', n), 'outage', 0.9 FROM generate_series(1, 3000) AS n;
SELECT triage.urgency('zword1717 and more') AS found, triage.urgency('zword3717 and more') AS not_found;
TRUNCATE triage.lexicon;

-- hostile documents
SELECT count(*) > 0 AS some FROM triage.lexicon_hits(repeat('please call me back ', 5000));
SELECT count(*) FROM triage.lexicon_hits(repeat('x', 1000000));
SELECT count(*) >= 0 AS done FROM triage.lexicon_hits(repeat(U&'\0301\202E\200B', 100000));
