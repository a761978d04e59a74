-- Sentiment: what people complained of in others, and what any text may hold.
\pset null '(null)'
CREATE FUNCTION feels(text, text DEFAULT 'en') RETURNS text LANGUAGE sql STABLE
AS $$ SELECT label FROM triage.sentiment($1, $2) $$;
CREATE FUNCTION score(text, text DEFAULT 'en') RETURNS real LANGUAGE sql STABLE
AS $$ SELECT score FROM triage.sentiment($1, $2) $$;

-- plainly one or the other, in the eight languages
SELECT language, t, feels(t, language) FROM (VALUES
    ('en', 'Thank you, that was excellent service!'),
    ('en', 'The app crashes all the time, I am really disappointed.'),
    ('en', 'Which ports does the server need?'),
    ('es', '¡Excelente servicio, muchas gracias!'),
    ('es', 'Esto es horrible, no funciona nada.'),
    ('fr', 'Service excellent, je suis ravi !'),
    ('fr', 'C''est vraiment nul, rien ne marche.'),
    ('de', 'Ausgezeichneter Service, ich bin begeistert!'),
    ('de', 'Das ist furchtbar, nichts funktioniert.'),
    ('it', 'Servizio eccellente, sono felicissimo!'),
    ('it', 'È terribile, non funziona niente.'),
    ('pt', 'Excelente atendimento, adorei!'),
    ('pt', 'Isto é horrível, nada funciona.'),
    ('ar', 'خدمة ممتازة، شكرا جزيلا'),
    ('ar', 'الخدمة سيئة جدا ولا شيء يعمل'),
    ('hi', 'बहुत बढ़िया सेवा, मैं बहुत खुश हूँ'),
    ('hi', 'bahut bekar service hai, kuch kaam nahi karta')) v (language, t);

-- other languages, and none: emoji say it, with less confidence than words
SELECT t, feels(t, 'nl') FROM unnest(ARRAY['Het pakket is er 😍👍', 'Het pakket is weg 😡👎']) t;
SELECT a.confidence < b.confidence AS less_sure
FROM triage.sentiment('😡👎', 'fi') a, triage.sentiment('😡👎', 'en') b;
SELECT feels(':)', NULL), feels(':-(', NULL), feels('^_^', NULL), feels(':''(', NULL);

-- negation is in its scope
SELECT t, feels(t) FROM unnest(ARRAY[
    'The food is good.', 'The food is not good.', 'The food isn''t very good.', 'Not bad at all!']) t;
-- litotes is no praise
SELECT score('Not the worst show') < 0.2 AS no_praise, score('Not the worst show') > score('The worst show') AS milder;
-- a list of what is missing and what is wrong
SELECT score('No payment and returning problems') < -0.1 AS is_bad;
-- courtesy is no praise
SELECT t, score(t) < 0 AS is_bad FROM unnest(ARRAY[
    'Kindly stop calling me every day', 'Kindly improve your delivery', 'Kindly fix this, it is still broken', 'Please please fix your app']) t;
SELECT feels('Dear team, could you please send me the form? Thank you in advance. Kind regards, Eva');
-- each of two equal words has its own surroundings
SELECT score('The camera is good. The battery is not good.') < score('The camera is good. The battery is good.') AS second_counts,
       score('The battery is not good. The camera is good.') < score('The battery is good. The camera is good.') AS first_counts;
-- what comes after "but" counts more
SELECT score('The staff were friendly, but the room was dirty.') < score('The room was dirty, but the staff were friendly.') AS after_but;
-- strength: intensifiers, capitals, drawn-out words, marks
SELECT score('This is very good') > score('This is good') AS very,
       score('The screen is slightly broken') > score('The screen is totally broken') AS slightly,
       score('the service was GREAT') > score('the service was great') AS capitals,
       score('this is sooooo gooooood') > score('this is ok') AS drawn_out,
       score('I love it!!!') >= score('I love it.') AS marks;
-- words of support weigh
SELECT t, score(t) < -0.2 AS is_bad FROM unnest(ARRAY[
    'Still not working.', 'This is the third time I report it.', 'I want my money back.', 'You charged me twice.',
    'Nobody answers my emails.']) t;
-- the last paragraph counts most
SELECT score(E'The first weeks were great, I loved it.\n\nNow nothing works and I am angry.')
     < score(E'Nothing worked and I was angry.\n\nNow it is great, I love it.') AS last_counts;
-- a long text keeps its weight
SELECT feels(repeat('We moved the desks to the second floor on Monday. ', 20) || 'The new system is terrible and we hate it.') LIKE '%negative' AS is_bad;
-- words are read in their own language: German "die" and "Gift" are no English ones
SELECT feels('Die Lieferung kommt am Dienstag an die alte Adresse', 'de'),
       score('die war hat die Rate', 'de') > score('die war', 'en') AS other_words;
-- the user's own words
SELECT score('The delivery was wibbly') AS before \gset
INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES ('en', 'wibbly', 'sentiment', -3.5);
SELECT score('The delivery was wibbly') < :before - 0.2 AS user_word;

-- a model of the user's own takes the place of the shipped one
CREATE TABLE moods AS
SELECT CASE i % 3 WHEN 0 THEN 'negative' WHEN 1 THEN 'neutral' ELSE 'positive' END AS label,
       CASE i % 3 WHEN 0 THEN 'grumble number ' WHEN 1 THEN 'statement number ' ELSE 'hurrah number ' END || i AS document
FROM generate_series(1, 60) i;
SELECT examples, labels FROM triage.train('sentiment', 'SELECT document, label FROM moods', '{"features": "tone"}');
SELECT triage.activate('sentiment', max(version)) FROM triage.model WHERE name = 'sentiment';
SELECT feels('grumble number 7'), feels('statement number 7'), feels('hurrah number 7');
SELECT triage.activate('sentiment', 0);
SELECT feels('hurrah, I love it');

-- what contributed
SELECT abs(sum(contribution)) > 0 AS explains FROM triage.explain('sentiment', 'not good at all', 'negative');

-- hostile input
SELECT * FROM triage.sentiment(NULL);
SELECT label FROM triage.sentiment('');
SELECT label FROM triage.sentiment('   ... --- ###');
SELECT label IS NOT NULL AS answers FROM (VALUES (repeat('good ', 200000)), (repeat('no ', 300000)), (repeat('a', 1000000)),
    (repeat('!', 100000)), (repeat('😡', 20000)), (repeat(U&'e\0301\0302\0303', 50000)), (repeat(U&'\202Egood\202C', 1000)),
    (repeat('so' || repeat('o', 50) || ' ', 5000)), (U&'g\200Bo\200Bo\200Bd'), (repeat('@#http://', 20000)), (repeat(':''(', 30000)),
    (repeat(E'but\n\n', 50000))) v (t), LATERAL triage.sentiment(t);
SELECT label FROM triage.sentiment('fine', 'no such language');
SELECT score BETWEEN -1 AND 1 AND confidence BETWEEN 0 AND 1 AS in_range
FROM triage.sentiment('WORST WORST WORST!!! hate hate hate hate 😡😡😡😡😡😡');
