-- Trains the model sentiment of the tables rated (rating, document) and own (label, document).
-- A text that people rated r of -3..3 is given (1 + r/3)/2 of its copies as positive and the
-- rest as negative, three to five copies: the model's squared loss makes its score an estimate
-- of r/3. Sentences of our own stand for a rating each.
CREATE TABLE estimate AS
SELECT greatest(-1, least(1, rating / 3)) AS score, document FROM rated
UNION ALL
SELECT CASE label WHEN 'very_negative' THEN -0.6 WHEN 'negative' THEN -0.3 WHEN 'neutral' THEN 0
                  WHEN 'positive' THEN 0.3 WHEN 'very_positive' THEN 0.6 END, document FROM own;

-- of so many copies so many positive: the fraction nearest to (1 + score) / 2
CREATE TABLE mixture AS
SELECT e.document, m.copies, m.positive
FROM estimate AS e
CROSS JOIN LATERAL (
    SELECT copies, positive FROM generate_series(3, 5) AS copies, generate_series(0, copies) AS positive
    ORDER BY abs(positive / copies::float - (1 + e.score) / 2), copies LIMIT 1) AS m;

SELECT * FROM triage.train('sentiment', $$
    SELECT document, CASE WHEN i <= positive THEN 'positive' ELSE 'negative' END
    FROM mixture, generate_series(1, copies) AS i$$,
    '{"features": "tone", "kind": "linear", "cost": 0.1, "min_documents": 7, "max_kilobytes": 1300}');
