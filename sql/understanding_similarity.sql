-- How alike two documents are, and the sketch that finds like ones by an index

-- the share of common pairs of neighbouring words, borders among them
SELECT a, b, triage.similarity(a, b)::numeric(5,4) AS similarity
FROM (VALUES ('reset my password', 'reset my password'),
             ('reset my password', 'RESET   my password!!!'),
             ('reset my password', 'ｒｅｓｅｔ my' || chr(160) || 'password'),
             ('reset my password', 'my password reset'),
             ('reset my password', 'where is my parcel'),
             ('one two three four five six seven', 'one two three FOUR! five six eight'),
             ('refund', 'refund'), ('refund', 'refund please'),
             ('我要取消订单', '我要取消订单。'),
             ('', ''), ('', 'refund'), ('!!!', '!!!'), ('!!!', '???'), ('👍', '👍')) AS v(a, b);
-- symmetric, and never outside 0 to 1
SELECT bool_and(triage.similarity(a, b) = triage.similarity(b, a)) AS symmetric, min(triage.similarity(a, b)) >= 0 AS least, max(triage.similarity(a, b)) AS most
FROM (SELECT 'the printer ' || repeat('is on fire ', g) AS a, 'the printer ' || repeat('on fire is ', 7 - g) AS b FROM generate_series(0, 7) AS g) AS s;
SELECT triage.similarity(NULL, 'a') IS NULL AS null_a, triage.similarity('a', NULL) IS NULL AS null_b, triage.signature(NULL) IS NULL AS null_signature;

-- a signature is sixteen numbers, or none
SELECT array_length(triage.signature('reset my password'), 1) AS elements, triage.signature('') AS empty, triage.signature(' .,-!') AS no_words;
SELECT triage.signature('reset my password') = triage.signature('Reset: my PASSWORD?') AS same;
-- the same on every server with the same version of Unicode
SELECT (triage.signature('reset my password'))[1:2];

-- the estimate is unbiased: documents of which every tenth word, or more, differs
WITH word AS (
    SELECT d, changed, string_agg(format('%s-%s', d, i), ' ' ORDER BY i) AS a,
           string_agg(format(CASE WHEN i % 10 < changed THEN 'other%s-%s' ELSE '%s-%s' END, d, i), ' ' ORDER BY i) AS b
    FROM generate_series(1, 60) AS d, generate_series(0, 6, 2) AS changed, generate_series(1, 40) AS i
    GROUP BY d, changed
)
SELECT changed, abs(avg(triage.signature_similarity(triage.signature(a), triage.signature(b))) - avg(triage.similarity(a, b))) < 0.03 AS unbiased,
       stddev(triage.signature_similarity(triage.signature(a), triage.signature(b)) - triage.similarity(a, b)) < 0.09 AS bounded
FROM word GROUP BY changed ORDER BY changed;
SELECT triage.signature_similarity(triage.signature('a b c'), triage.signature('a b c')) AS same,
       triage.signature_similarity(triage.signature(''), triage.signature('')) AS nothing,
       triage.signature_similarity(triage.signature(''), triage.signature('a b c')) AS one_empty;

-- found through an index
CREATE TABLE said (id int PRIMARY KEY, body text);
INSERT INTO said SELECT g, 'Ticket ' || g || ' of customer ' || md5(g::text) || ' about ' || md5((g * 7)::text) FROM generate_series(1, 500) AS g;
INSERT INTO said VALUES (1001, 'The checkout page shows error 502 since ten this morning, nobody can pay, please look into it'),
                        (1002, 'Hello, the checkout page shows error 502 since ten this morning, nobody can pay, please look into it!');
CREATE INDEX said_signature ON said USING gin (triage.signature(body));
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE find (text) AS SELECT id FROM said WHERE triage.signature(body) && triage.signature($1);
EXPLAIN (COSTS off) EXECUTE find('the checkout page shows error 502');
SELECT id, triage.similarity(body, q) > 0.7 AS alike
FROM said, (SELECT 'the checkout page shows error 502 since ten this morning, nobody can pay, please look into it'::text) AS x(q)
WHERE triage.signature(body) && triage.signature(q) ORDER BY id;
RESET enable_seqscan;
RESET plan_cache_mode;
DROP TABLE said;

-- what is no signature
SELECT triage.signature_similarity('{1,2,3}', triage.signature('a'));
SELECT triage.signature_similarity(triage.signature('a'), array_fill(NULL::bigint, ARRAY[16]));
SELECT triage.signature_similarity('{{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}}', triage.signature('a'));

-- hostile documents: long, without end, marks, controls; no setting changes the result
SELECT triage.similarity(repeat('please help ', 100000), repeat('please help ', 90000)) AS long_alike;
SELECT array_length(triage.signature(repeat('x', 1000000)), 1) AS one_word, array_length(triage.signature(repeat(chr(769), 5000)), 1) AS marks;
SELECT triage.similarity('pass' || chr(8203) || 'word', 'password') AS invisible, triage.similarity(chr(8238) || 'refund' || chr(8236), 'refund') AS bidirectional;
CREATE TABLE before AS SELECT triage.signature(repeat('one two three four ', 200)) AS s;
SET support_triage.max_document_bytes = 256;
SELECT s = triage.signature(repeat('one two three four ', 200)) AS same FROM before;
RESET support_triage.max_document_bytes;
DROP TABLE before;
