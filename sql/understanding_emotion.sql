-- Emotion and irony: signals.
CREATE FUNCTION feeling(text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT label FROM triage.emotion($1) $$;

SELECT t, feeling(t) FROM unnest(ARRAY[
    'I am furious, this is an outrage!', 'How dare you lie to me again!', '😡😡',
    'We are so happy, what a wonderful day!', 'haha that was hilarious 😂',
    'Never give up, tomorrow will be better, believe in yourself.',
    'My dog died and I cannot stop crying', 'I feel so lonely and sad 😢',
    'Where can I find the invoice for March?', 'How do I change my address?']) t;
-- other languages by the same steps
SELECT feeling('Ich bin so wütend, ich hasse das!'), feeling('Estoy muy triste, no paro de llorar 😢'), feeling('Je suis tellement heureux, quelle joie !');

-- irony: praise beside trouble is suspected more than praise or trouble alone
SELECT triage.irony('Oh great, another outage. Just what I needed.') > 0.4 AS suspected,
       triage.irony('Where can I find the invoice for March?') < 0.2 AS plain,
       triage.irony('The outage is fixed, great work, thank you.') < triage.irony('Oh great, another outage. Just what I needed.') AS thanks,
       triage.irony('My order never arrived.') < 0.3 AS complaint;

-- the user's own models
CREATE TABLE told AS SELECT CASE i % 2 WHEN 0 THEN 'ironic' ELSE 'literal' END AS label,
    CASE i % 2 WHEN 0 THEN 'wink wink ' ELSE 'plain fact ' END || i AS document FROM generate_series(1, 60) i;
SELECT examples FROM triage.train('irony', 'SELECT document, label FROM told', '{"features": "tone"}');
SELECT triage.activate('irony', max(version)) FROM triage.model WHERE name = 'irony';
SELECT triage.irony('wink wink 3') > 0.5 AS own;

-- hostile input
SELECT triage.emotion(NULL) IS NULL AS none, triage.irony(NULL) IS NULL AS none;
SELECT label FROM triage.emotion('');
SELECT triage.irony('');
SELECT label IS NOT NULL AND triage.irony(t) BETWEEN 0 AND 1 AS answers
FROM (VALUES (repeat('angry ', 150000)), (repeat('"', 100000)), (repeat('😡', 20000)), (repeat(U&'e\0301\0302', 50000)), (U&'\202Esad\202C'),
    (repeat('x', 1000000))) v (t), LATERAL triage.emotion(t);
