-- What models read of a document: normalised tokens and where they stand.

-- case, width, ligatures, apostrophes, compatibility forms
SELECT * FROM triage.tokenize('Don''t CANCEL my Ｏrder №5, ﬁne: the customer’s 3rd box!');
-- the same word however it is written
SELECT array_agg(token ORDER BY start) FROM triage.tokenize(
    'café' || ' cafe' || chr(769) || ' CAFÉ ｃａｆé');
-- scripts without spaces are divided by dictionaries
SELECT start, length, token FROM triage.tokenize('我要取消订单 東京へ行く สวัสดีครับผมต้องการ');
-- scripts that change within a run, and Hangul
SELECT array_agg(token ORDER BY start) FROM triage.tokenize('iPhone手机坏了 한국어 iPhone');
-- emoji are symbols of their own; their variants are ignored
SELECT start, length, kind FROM triage.tokenize('love❤️it 👍🏽👍');
-- and so are emoticons and what asks or shouts, but not what only looks like them
SELECT token, kind FROM triage.tokenize('why?! :-) fine ;( <3 =D');
SELECT array_agg(token ORDER BY start) FROM triage.tokenize('http://example.com C:\temp 10:30 a<30 x=p2 (see: note)');
-- offsets are characters of the document, and give its text back
WITH d(doc) AS (VALUES ('„Straße“ — ＡＢＣ, naïve ﬁles & ½ kg'))
SELECT token, substr(doc, start, length) AS original FROM d, triage.tokenize(doc);
SELECT triage.normalize('Ｏrder ﬁne' || chr(8203) || ' Straße ΣΊΣΥΦΟΣ');

-- nothing to read
SELECT count(*) FROM triage.tokenize('');
SELECT count(*) FROM triage.tokenize(E' \t\n \u2003');
SELECT count(*) FROM triage.tokenize('.,…—()');
SELECT triage.normalize('') = '' AS empty;
SELECT triage.normalize(NULL) IS NULL AS null_in, (SELECT count(*) FROM triage.tokenize(NULL)) AS tokens;

-- hostile documents: marks without a base, invisible and bidirectional controls
SELECT count(*), max(length) FROM triage.tokenize(repeat(chr(769), 1000));
SELECT array_agg(token ORDER BY start) FROM triage.tokenize(
    'pass' || chr(8203) || 'word ' || chr(8238) || 'drowssap' || chr(8236) || ' ' || chr(65279) || 'x');
-- a letter under a thousand marks: what is too long to combine is cut, not refused
SELECT sum(length) FROM triage.tokenize('a' || repeat(chr(768) || chr(803), 500));
-- what normalisation makes eighteen characters of
SELECT count(*), min(start), max(start + length) FROM triage.tokenize(chr(65018));
-- conjoining jamo
SELECT triage.normalize(chr(4370) || chr(4449) || chr(4523)) = '한' AS composed,
       (SELECT array_agg(token) FROM triage.tokenize(chr(4370) || chr(4449) || chr(4523))) AS tokens;

-- a megabyte is read up to the limit, cut at a character
SELECT count(*), max(length) FROM triage.tokenize(repeat('a', 1000000));
SELECT count(*), max(start) FROM triage.tokenize(repeat('😀', 250000));
SELECT count(*) > 10000 AS divided FROM triage.tokenize(repeat('取消订单', 90000));
SELECT count(*), max(length) FROM triage.tokenize(repeat('é ', 400000));
SELECT octet_length(triage.normalize(repeat('é', 500000)));
SET support_triage.max_document_bytes = 1001;
SELECT count(*) FROM triage.tokenize(repeat('é', 1000)), generate_series(1, length);
RESET support_triage.max_document_bytes;

-- the same words give the same tokens whatever stands between them
SELECT (SELECT array_agg(token ORDER BY start) FROM triage.tokenize(E'refund\tmy--order\n(now)')) =
       (SELECT array_agg(token ORDER BY start) FROM triage.tokenize('refund my order now')) AS same;

-- half of a surrogate pair written as UTF-8 does not get this far
DO $$
BEGIN
    PERFORM count(*) FROM triage.tokenize(convert_from('\xeda080', 'UTF8'));
    RAISE NOTICE 'read';
EXCEPTION WHEN character_not_in_repertoire THEN
    RAISE NOTICE 'refused';
END
$$;
