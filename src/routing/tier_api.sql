-- src/routing/tier_api.sql: tiers, and automation that follows evidence

CREATE OR REPLACE FUNCTION triage.tier_policy_stamp()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.changed_at := triage.now();
        NEW.changed_by := session_user;
    ELSIF NEW.channel IS NULL AND NEW.segment IS NULL THEN
        DELETE FROM triage.tier_policy WHERE changed_at IS NULL;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION triage.tier_policy_stamp() IS 'Trigger of triage.tier_policy: an UPDATE notes who and when; an INSERT of a row for all takes the place of the one that is as it shipped, as a restore needs it.';
REVOKE ALL ON FUNCTION triage.tier_policy_stamp() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.automation_policy_stamp()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.changed_at := triage.now();
    NEW.changed_by := session_user;
    -- what was solved for other terms is not used
    IF (NEW.intent, NEW.channel, NEW.segment, NEW.accepted_error, NEW.cost_wrong_automatic, NEW.cost_wrong_queue,
        NEW.cost_human_minute, NEW.human_minutes, NEW.load_price, NEW.certainty, NEW.min_evidence, NEW.max_evidence,
        NEW.min_confidence)
        IS DISTINCT FROM
       (OLD.intent, OLD.channel, OLD.segment, OLD.accepted_error, OLD.cost_wrong_automatic, OLD.cost_wrong_queue,
        OLD.cost_human_minute, OLD.human_minutes, OLD.load_price, OLD.certainty, OLD.min_evidence, OLD.max_evidence,
        OLD.min_confidence)
    THEN
        DELETE FROM triage.automation_threshold WHERE policy_id = OLD.policy_id;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION triage.automation_policy_stamp() IS 'Trigger of triage.automation_policy: an UPDATE notes who and when, and removes the thresholds that were solved for other terms; triage.tend_automation or triage.solve_automation makes new ones.';
REVOKE ALL ON FUNCTION triage.automation_policy_stamp() FROM PUBLIC;

CREATE OR REPLACE TRIGGER tier_policy_stamp
BEFORE INSERT OR UPDATE ON triage.tier_policy
FOR EACH ROW EXECUTE FUNCTION triage.tier_policy_stamp();
CREATE OR REPLACE TRIGGER automation_policy_stamp
BEFORE UPDATE ON triage.automation_policy
FOR EACH ROW EXECUTE FUNCTION triage.automation_policy_stamp();

CREATE OR REPLACE TRIGGER configuration_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.tier_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER configuration_truncated
AFTER TRUNCATE ON triage.tier_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER configuration_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.automation_policy
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER configuration_truncated
AFTER TRUNCATE ON triage.automation_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER configuration_changed
AFTER INSERT OR UPDATE OR DELETE ON triage.automation_threshold
FOR EACH ROW EXECUTE FUNCTION triage.configuration_changed();
CREATE OR REPLACE TRIGGER configuration_truncated
AFTER TRUNCATE ON triage.automation_threshold
FOR EACH STATEMENT EXECUTE FUNCTION triage.configuration_changed();

CREATE OR REPLACE FUNCTION triage.automation_due()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_automation_due';
COMMENT ON FUNCTION triage.automation_due() IS 'Trigger of triage.automation_policy and triage.automation_evidence: wakes the worker, which calls triage.tend_automation.';
REVOKE ALL ON FUNCTION triage.automation_due() FROM PUBLIC;

CREATE OR REPLACE TRIGGER automation_due
AFTER INSERT OR UPDATE ON triage.automation_policy
FOR EACH STATEMENT EXECUTE FUNCTION triage.automation_due();
CREATE OR REPLACE TRIGGER automation_due
AFTER INSERT ON triage.automation_evidence
FOR EACH STATEMENT EXECUTE FUNCTION triage.automation_due();

-- also for rows that logical replication brings, which fires row triggers only
ALTER TABLE triage.tier_policy ENABLE ALWAYS TRIGGER configuration_changed;
ALTER TABLE triage.tier_policy ENABLE ALWAYS TRIGGER configuration_truncated;
ALTER TABLE triage.automation_policy ENABLE ALWAYS TRIGGER configuration_changed;
ALTER TABLE triage.automation_policy ENABLE ALWAYS TRIGGER configuration_truncated;
ALTER TABLE triage.automation_threshold ENABLE ALWAYS TRIGGER configuration_changed;
ALTER TABLE triage.automation_threshold ENABLE ALWAYS TRIGGER configuration_truncated;

CREATE OR REPLACE FUNCTION triage.error_bound(errors int, answers int, certainty double precision DEFAULT 0.95)
RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'st_error_bound_sql';
COMMENT ON FUNCTION triage.error_bound(int, int, double precision) IS 'Of so many answers so many were wrong: the share of errors is not above this, with that certainty (the upper limit of Clopper and Pearson, "The use of confidence or fiducial limits", 1934). Errors: invalid_parameter_value for more errors than answers, negative numbers, a certainty outside 0 to 1.';
REVOKE ALL ON FUNCTION triage.error_bound(int, int, double precision) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.solve_threshold(
    confidences real[], correct boolean[], accepted_error double precision, certainty double precision DEFAULT 0.95,
    min_confidence real DEFAULT 0, min_evidence int DEFAULT 1,
    OUT threshold real, OUT evidence int, OUT errors int, OUT bound real, OUT why text)
RETURNS record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'st_solve_threshold';
COMMENT ON FUNCTION triage.solve_threshold(real[], boolean[], double precision, double precision, real, int) IS 'The lowest threshold on the confidence at which, with that certainty, not more than accepted_error of the answers are wrong; NULL when the evidence proves none, with why. evidence, errors and bound are of the answers at the threshold or above. Tests the thresholds of a fixed grid from the top down by exact binomial p-values: Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test", 2021; see also Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal Risk Control", 2022. It holds for examples that are like the tickets to come, and a confidence of which more is never right less often. Errors: array_subscript_error for arrays of different lengths, null_value_not_allowed, invalid_parameter_value for values out of range.';
REVOKE ALL ON FUNCTION triage.solve_threshold(real[], boolean[], double precision, double precision, real, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.predict_version(
    model text, version int, document text, OUT intent text, OUT confidence real, OUT in_scope boolean, OUT used_version int)
RETURNS record
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'st_predict_version';
COMMENT ON FUNCTION triage.predict_version(text, int, text) IS 'What a version of a model (NULL: the active one) says of a document, read as a ticket is. Error: undefined_object when there is no such version.';
REVOKE ALL ON FUNCTION triage.predict_version(text, int, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.prune_evidence(model text, version int, intent text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept int := coalesce((SELECT max(p.max_evidence) FROM triage.automation_policy p WHERE p.intent = prune_evidence.intent), 5000);
    gone bigint;
BEGIN
    DELETE FROM triage.automation_evidence e
    WHERE e.model_name = model AND e.model_version = version AND e.intent = prune_evidence.intent
      AND e.evidence_id <= (SELECT n.evidence_id FROM triage.automation_evidence n
                            WHERE n.model_name = model AND n.model_version = version AND n.intent = prune_evidence.intent
                            ORDER BY n.evidence_id DESC OFFSET kept LIMIT 1);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION triage.prune_evidence(text, int, text) IS 'Keeps the newest evidence of an intent: the greatest max_evidence of its policies, 5000 without any. How many rows fell out.';
REVOKE ALL ON FUNCTION triage.prune_evidence(text, int, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.record_evidence(
    model text, version int, intent text, confidence real, correct boolean, channel text DEFAULT NULL,
    segment text DEFAULT NULL, example text DEFAULT NULL, source text DEFAULT 'correction')
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    id bigint;
BEGIN
    INSERT INTO triage.automation_evidence AS e
        (model_name, model_version, intent, confidence, correct, channel, segment, example, source, seen_at)
    VALUES (model, version, intent, confidence, correct, channel, segment, hashtextextended(example, 0), source, triage.now())
    ON CONFLICT (example, model_name, model_version) DO UPDATE
    SET evidence_id = EXCLUDED.evidence_id, intent = EXCLUDED.intent, confidence = EXCLUDED.confidence, correct = EXCLUDED.correct,
        channel = EXCLUDED.channel, segment = EXCLUDED.segment, source = EXCLUDED.source, seen_at = EXCLUDED.seen_at
    RETURNING e.evidence_id INTO id;
    IF id % 256 = 0 THEN
        PERFORM triage.prune_evidence(model, version, intent);
    END IF;
    RETURN id;
END
$$;
COMMENT ON FUNCTION triage.record_evidence(text, int, text, real, boolean, text, text, text, text) IS 'Notes that a version of a model predicted an intent with a confidence, in scope, and whether people say the same. example names what it was predicted for (a ticket''s key, a document): the same example counts once for a version. What agents confirm must be recorded as well as what they correct, or the error looks higher than it is. Returns the evidence_id. Runs as the caller. Errors: not_null_violation, check_violation for what cannot be.';
REVOKE ALL ON FUNCTION triage.record_evidence(text, int, text, real, boolean, text, text, text, text) FROM PUBLIC;

-- The query runs as the caller and finds what the caller's search_path finds: no
-- SET here, so every name and operator of our own is qualified.
CREATE OR REPLACE FUNCTION triage.record_held_out(
    model text, examples text, version int DEFAULT NULL,
    OUT used_version int, OUT recorded int, OUT wrong int, OUT out_of_scope int, OUT skipped int)
RETURNS record
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    document text;
    label    text;
    channel  text;
    segment  text;
    said     record;
    intents  text[] := '{}';
BEGIN
    IF model IS NULL OR examples IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a model and a query of examples are needed';
    END IF;
    recorded := 0;
    wrong := 0;
    out_of_scope := 0;
    skipped := 0;
    -- settled once, and an unknown model is an error also without examples
    used_version := (triage.predict_version(model, version, '')).used_version;
    FOR document, label, channel, segment IN EXECUTE examples LOOP
        IF document IS NULL OR label IS NULL THEN
            skipped := skipped OPERATOR(pg_catalog.+) 1;
            CONTINUE;
        END IF;
        said := triage.predict_version(model, used_version, document);
        IF NOT said.in_scope THEN
            out_of_scope := out_of_scope OPERATOR(pg_catalog.+) 1;
            CONTINUE;
        END IF;
        PERFORM triage.record_evidence(model, used_version, said.intent, said.confidence, said.intent OPERATOR(pg_catalog.=) label,
                                       channel, segment, document, 'held_out');
        recorded := recorded OPERATOR(pg_catalog.+) 1;
        IF said.intent OPERATOR(pg_catalog.<>) label THEN
            wrong := wrong OPERATOR(pg_catalog.+) 1;
        END IF;
        IF NOT said.intent OPERATOR(pg_catalog.=) ANY (intents) THEN
            intents := pg_catalog.array_append(intents, said.intent);
        END IF;
    END LOOP;
    PERFORM triage.prune_evidence(model, used_version, i) FROM pg_catalog.unnest(intents) AS i;
END
$$;
COMMENT ON FUNCTION triage.record_held_out(text, text, int) IS 'Has a version of a model (the active one by default) predict labelled examples that it was not trained with, and records what came out as evidence; the same document counts once for a version. examples is a query of (document, label) or (document, label, channel, segment), which runs as the caller; rows without document or label are skipped. Out of scope is never automated, so it is counted and not recorded. Examples that the model was trained with make it look better than it is.';
REVOKE ALL ON FUNCTION triage.record_held_out(text, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.queue_load_per_agent()
RETURNS real
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    agents bigint;
BEGIN
    SELECT count(*) INTO agents
    FROM triage.agent a JOIN triage.agent_presence p USING (agent_id)
    WHERE a.active AND p.presence = 'available' AND (p.expires_at IS NULL OR p.expires_at > triage.now());
    IF agents = 0 AND NOT EXISTS (SELECT FROM triage.agent_presence) THEN
        SELECT count(*) INTO agents FROM triage.agent a WHERE a.active;
    END IF;
    agents := greatest(agents, 1);
    -- more than ten an agent count as ten: no more are read
    RETURN (SELECT count(*) FROM (SELECT FROM triage.waiting LIMIT 10 * agents) AS w)::real / agents;
END
$$;
COMMENT ON FUNCTION triage.queue_load_per_agent() IS 'Tickets that wait for a person, for each active agent who is available (for each active one where nobody ever said to be), from 0 to 10: more counts as 10.';
REVOKE ALL ON FUNCTION triage.queue_load_per_agent() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.solve_automation(policy int DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p           triage.automation_policy;
    m           record;
    confidences real[];
    corrects    boolean[];
    last        bigint;
    load        real;
    accepted    double precision;
    floor       real;
    solved      record;
    n           int := 0;
BEGIN
    IF policy IS NOT NULL AND NOT EXISTS (SELECT FROM triage.automation_policy a WHERE a.policy_id = policy) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('there is no automation policy %s', policy),
            HINT = 'triage.automation_policy lists them.';
    END IF;
    DELETE FROM triage.automation_evidence e USING triage.model_dropped d
    WHERE e.model_name = d.name AND e.model_version = d.version
      AND NOT EXISTS (SELECT FROM triage.model o WHERE o.name = d.name AND o.version = d.version);

    -- in one order, so that two that solve at once wait for each other
    FOR p IN
        SELECT * FROM triage.automation_policy a
        WHERE policy IS NULL OR a.policy_id = policy
        ORDER BY a.policy_id FOR SHARE
    LOOP
        DELETE FROM triage.automation_threshold t
        WHERE t.policy_id = p.policy_id
          AND NOT EXISTS (SELECT FROM triage.model o
                          WHERE o.name = t.model_name AND o.version = t.model_version AND p.intent = ANY (o.labels));
        load := CASE WHEN p.load_price > 0 THEN triage.queue_load_per_agent() ELSE 0 END;
        accepted := coalesce(p.accepted_error,
                             p.cost_human_minute * p.human_minutes * (1 + p.load_price * load)
                             / (p.cost_wrong_automatic - p.cost_wrong_queue));
        floor := p.min_confidence;
        IF p.accepted_error IS NULL AND accepted < 1 THEN
            -- never a lower number than the one that was meant
            floor := greatest(floor, least(1, ceil((1 - accepted) * 10000) / 10000)::real);
        END IF;

        FOR m IN
            SELECT o.name, o.version
            FROM triage.model o
            WHERE p.intent = ANY (o.labels)
              AND (o.status = 'active'
                   OR EXISTS (SELECT FROM triage.automation_evidence e
                              WHERE e.model_name = o.name AND e.model_version = o.version AND e.intent = p.intent))
            ORDER BY o.name, o.version
        LOOP
            PERFORM triage.prune_evidence(m.name, m.version, p.intent);
            last := coalesce((SELECT max(e.evidence_id) FROM triage.automation_evidence e
                              WHERE e.model_name = m.name AND e.model_version = m.version AND e.intent = p.intent), 0);
            SELECT coalesce(array_agg(e.confidence), '{}'), coalesce(array_agg(e.correct), '{}')
            INTO confidences, corrects
            FROM (SELECT s.confidence, s.correct
                  FROM triage.automation_evidence s
                  WHERE s.model_name = m.name AND s.model_version = m.version AND s.intent = p.intent
                    AND (p.channel IS NULL OR s.channel IS NULL OR s.channel = p.channel)
                    AND (p.segment IS NULL OR s.segment IS NULL OR s.segment = p.segment)
                  ORDER BY s.evidence_id DESC LIMIT p.max_evidence) AS e;

            IF accepted <= 0 THEN
                SELECT NULL::real AS threshold, 0 AS evidence, 0 AS errors, NULL::real AS bound,
                       'a person costs nothing: automation never pays'::text AS why
                INTO solved;
            ELSIF accepted >= 1 THEN
                SELECT CASE WHEN c.n >= p.min_evidence THEN p.min_confidence END AS threshold, c.n AS evidence, c.errors,
                       CASE WHEN c.n > 0 THEN triage.error_bound(c.errors, c.n, p.certainty) END::real AS bound,
                       CASE WHEN c.n >= p.min_evidence THEN 'automation pays whatever the error'
                            ELSE format('too little evidence: %s of the %s answers that are needed at least', c.n, p.min_evidence)
                       END AS why
                INTO solved
                FROM (SELECT count(*)::int AS n, (count(*) FILTER (WHERE NOT u.correct))::int AS errors
                      FROM unnest(confidences, corrects) AS u(confidence, correct)
                      WHERE u.confidence >= p.min_confidence) AS c;
            ELSE
                solved := triage.solve_threshold(confidences, corrects, accepted, p.certainty, floor, p.min_evidence);
            END IF;

            INSERT INTO triage.automation_threshold AS t
                (policy_id, model_name, model_version, threshold, why, accepted, load, seen, evidence, errors, bound, last_evidence, solved_at)
            VALUES (p.policy_id, m.name, m.version, solved.threshold, solved.why, least(greatest(accepted, 0), 1), load,
                    cardinality(confidences), solved.evidence, solved.errors, solved.bound, last, triage.now())
            ON CONFLICT (policy_id, model_name, model_version) DO UPDATE
            SET threshold = EXCLUDED.threshold, why = EXCLUDED.why, accepted = EXCLUDED.accepted, load = EXCLUDED.load, seen = EXCLUDED.seen,
                evidence = EXCLUDED.evidence, errors = EXCLUDED.errors, bound = EXCLUDED.bound, last_evidence = EXCLUDED.last_evidence,
                solved_at = EXCLUDED.solved_at;
            n := n + 1;
        END LOOP;
    END LOOP;
    RETURN n;
END
$$;
COMMENT ON FUNCTION triage.solve_automation(int) IS 'Solves the thresholds of an automation policy, or of all, for the active version of each model that knows the intent and for other versions that have evidence; how many. With an accepted error: the lowest threshold that the evidence proves good enough, see triage.solve_threshold. With costs: automation of a ticket pays where its probability of being wrong is at most person / (cost_wrong_automatic - cost_wrong_queue), with person = cost_human_minute * human_minutes * (1 + load_price * triage.queue_load_per_agent()); the threshold is 1 less that share (the Bayes rule for a calibrated confidence) or higher, until the evidence proves that the error of what is automated is not above it. Sources: Angelopoulos et al., "Learn then Test", 2021, and "Conformal Risk Control", 2022. Error: undefined_object for an unknown policy.';
REVOKE ALL ON FUNCTION triage.solve_automation(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.tend_automation()
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    batch   CONSTANT int := 20;
    due     int[];
BEGIN
    SELECT array_agg(d.policy_id) INTO due
    FROM (SELECT DISTINCT p.policy_id
          FROM triage.automation_policy p
          JOIN triage.model m ON p.intent = ANY (m.labels)
          LEFT JOIN triage.automation_threshold t
                 ON t.policy_id = p.policy_id AND t.model_name = m.name AND t.model_version = m.version
          CROSS JOIN LATERAL (SELECT max(e.evidence_id) AS last FROM triage.automation_evidence e
                              WHERE e.model_name = m.name AND e.model_version = m.version AND e.intent = p.intent) AS e
          WHERE p.enabled
            AND ((t.policy_id IS NULL AND (m.status = 'active' OR e.last IS NOT NULL))
                 OR t.last_evidence < e.last
                 OR t.solved_at + CASE WHEN p.load_price > 0 THEN interval '5 minutes' ELSE interval '1 hour' END <= triage.now())
          ORDER BY p.policy_id LIMIT batch) AS d;

    PERFORM triage.solve_automation(d) FROM unnest(due) AS d;
    IF cardinality(due) = batch THEN
        RETURN triage.now();
    END IF;
    RETURN (SELECT min(t.solved_at + CASE WHEN p.load_price > 0 THEN interval '5 minutes' ELSE interval '1 hour' END)
            FROM triage.automation_policy p JOIN triage.automation_threshold t USING (policy_id)
            WHERE p.enabled);
END
$$;
COMMENT ON FUNCTION triage.tend_automation() IS 'Solves the thresholds whose policy, model or evidence is new, and those solved an hour ago (with a load price: five minutes), at most 20 policies a call. Returns when it is to be called next; NULL: when something changes. For the worker.';
REVOKE ALL ON FUNCTION triage.tend_automation() FROM PUBLIC;

CREATE OR REPLACE VIEW triage.automation_status WITH (security_invoker = true) AS
SELECT p.policy_id, p.intent, p.channel, p.segment, p.enabled, t.model_name, t.model_version,
       m.status = 'active' AS in_use, t.threshold, t.accepted, t.seen, t.evidence, t.errors, t.bound,
       CASE WHEN t.threshold IS NOT NULL AND t.seen > 0 THEN (t.evidence::double precision / t.seen)::real END AS coverage,
       t.load,
       CASE WHEN NOT p.enabled THEN 'switched off' ELSE coalesce(t.why, 'not solved yet, or no model knows the intent') END AS why,
       t.solved_at
FROM triage.automation_policy p
LEFT JOIN triage.automation_threshold t USING (policy_id)
LEFT JOIN triage.model m ON m.name = t.model_name AND m.version = t.model_version;
COMMENT ON VIEW triage.automation_status IS 'What is automated, from which confidence on, and why or why not: the policies with the thresholds that were solved for them.';
COMMENT ON COLUMN triage.automation_status.policy_id IS 'The policy.';
COMMENT ON COLUMN triage.automation_status.intent IS 'Its intent.';
COMMENT ON COLUMN triage.automation_status.channel IS 'Its channel; NULL: any.';
COMMENT ON COLUMN triage.automation_status.segment IS 'Its segment; NULL: any.';
COMMENT ON COLUMN triage.automation_status.enabled IS 'Whether it is switched on.';
COMMENT ON COLUMN triage.automation_status.model_name IS 'The model; NULL: nothing was solved.';
COMMENT ON COLUMN triage.automation_status.model_version IS 'The version that it was solved for.';
COMMENT ON COLUMN triage.automation_status.in_use IS 'Whether that version is the active one.';
COMMENT ON COLUMN triage.automation_status.threshold IS 'Least confidence of an automatic answer; NULL: none is given.';
COMMENT ON COLUMN triage.automation_status.accepted IS 'The error that is accepted.';
COMMENT ON COLUMN triage.automation_status.seen IS 'How many predictions of the intent were looked at.';
COMMENT ON COLUMN triage.automation_status.evidence IS 'Those at the threshold or above.';
COMMENT ON COLUMN triage.automation_status.errors IS 'How many of these were wrong.';
COMMENT ON COLUMN triage.automation_status.bound IS 'The error is not above this, with the certainty of the policy.';
COMMENT ON COLUMN triage.automation_status.coverage IS 'Share of the predictions of the intent at the threshold or above, 0 to 1.';
COMMENT ON COLUMN triage.automation_status.load IS 'Tickets waiting for each agent when it was solved; 0 without a load price.';
COMMENT ON COLUMN triage.automation_status.why IS 'Why so, in words.';
COMMENT ON COLUMN triage.automation_status.solved_at IS 'When it was solved.';
