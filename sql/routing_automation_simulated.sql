-- The error among automated answers stays below what is accepted, as often as is said: with evidence drawn at random
SET client_min_messages = warning;
CREATE SCHEMA routing_automation_simulated;
SET search_path = routing_automation_simulated;
SET max_parallel_workers_per_gather = 0;

-- How often a prediction of a confidence is wrong, in truth. The fourth is never good enough by a hair, the fifth only
-- where few answers are, the last is not even in the order that is assumed: the surest answers are the worst.
CREATE FUNCTION truly_wrong(curve text, confidence float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE curve
        WHEN 'calibrated' THEN 1 - confidence
        WHEN 'too sure of itself' THEN least(1, 2.5 * (1 - confidence))
        WHEN 'too modest' THEN 0.3 * (1 - confidence)
        WHEN 'the same everywhere' THEN 0.0501
        WHEN 'a cliff' THEN CASE WHEN confidence >= 0.97 THEN 0.001 ELSE 0.3 END
        WHEN 'upside down' THEN CASE WHEN confidence >= 0.95 THEN 0.08 ELSE 0.02 END
    END $$;
-- confidences are dense near 1, as those of models are
CREATE TABLE crowd AS SELECT 1 - 0.6 * power((g - 0.5) / 4000, 2) AS confidence FROM generate_series(1, 4000) AS g;

CREATE TABLE trial (curve text, n int, threshold real);
CREATE PROCEDURE draw(curve text, n int, trials int) LANGUAGE plpgsql AS $$
DECLARE
    limits record;
BEGIN
    FOR i IN 1 .. trials LOOP
        SELECT s.* INTO limits
        FROM (SELECT array_agg(confidence::real) AS confidences, array_agg(luck >= truly_wrong(curve, confidence)) AS correct
              FROM (SELECT 1 - 0.6 * power(random(), 2) AS confidence, random() AS luck FROM generate_series(1, n)) AS d) AS e,
             triage.solve_threshold(e.confidences, e.correct, 0.05, 0.9, 0.5::real) AS s;
        INSERT INTO trial VALUES (curve, n, limits.threshold);
    END LOOP;
END $$;
SELECT setseed(0.4711);
CALL draw('calibrated', 200, 200);
CALL draw('calibrated', 1000, 200);
CALL draw('too sure of itself', 400, 200);
CALL draw('too sure of itself', 2000, 50);
CALL draw('too modest', 200, 200);
CALL draw('the same everywhere', 100, 300);
CALL draw('the same everywhere', 800, 300);
CALL draw('a cliff', 400, 200);
CALL draw('upside down', 800, 200);

CREATE TABLE realised AS
SELECT t.curve, t.threshold, (SELECT avg(truly_wrong(t.curve, c.confidence)) FROM crowd c WHERE c.confidence >= t.threshold) AS error
FROM (SELECT DISTINCT curve, threshold FROM trial) AS t;

-- wrong more often than accepted in at most one of ten trials, by the certainty of 0.9; and good evidence is used
SELECT curve, n, count(*) AS trials, (count(*) FILTER (WHERE r.error > 0.05))::float8 / count(*) <= 0.1 AS as_certain_as_said,
       round(100.0 * count(threshold) / count(*), -1) AS percent_automated
FROM trial LEFT JOIN realised r USING (curve, threshold) GROUP BY curve, n ORDER BY curve COLLATE "C", n;
DROP SCHEMA routing_automation_simulated CASCADE;
