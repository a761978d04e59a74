#!/usr/bin/python3
"""Whether the error among automated answers stays where it was said to stay.

A model is trained on one part of the training file, thresholds are solved from
another, and the test file tells how wrong the answers at these thresholds are and
how many there are.  Beside it: what one gets by trusting the calibrated
confidence alone, automating from 1 - accepted on.  Ends with status 1 when the
realised error of all automated answers is above what was accepted.
"""

from bench_lib import Goals, Session, intents_or_demo, load_pairs, table, train

ACCEPTED = (0.03, 0.05, 0.10, 0.20)
CERTAINTY = 0.9


def solve(session, accepted):
    """Solves every intent for an accepted error; what the thresholds do to the test file."""
    session.run(f"UPDATE triage.automation_policy SET accepted_error = {accepted}; SELECT triage.solve_automation()")
    return session.record(f"""
        WITH t AS (
            SELECT p.intent, h.threshold
            FROM triage.automation_policy p LEFT JOIN triage.automation_threshold h USING (policy_id)
        ), by_intent AS (
            SELECT t.intent, t.threshold, count(d.*) AS answers, count(*) FILTER (WHERE NOT d.correct) AS wrong
            FROM t LEFT JOIN predicted d ON d.intent = t.intent AND d.in_scope AND d.confidence >= t.threshold
            GROUP BY t.intent, t.threshold
        )
        SELECT count(*) AS intents, count(threshold) AS automated, coalesce(sum(answers), 0)::int AS answers,
               coalesce(sum(wrong), 0)::int AS wrong,
               coalesce(sum(wrong) / nullif(sum(answers), 0), 0)::float8 AS realised,
               coalesce(sum(answers), 0)::float8 / (SELECT count(*) FROM predicted) AS coverage,
               (SELECT count(*) FILTER (WHERE NOT correct)::float8 / greatest(count(*), 1)
                FROM predicted WHERE in_scope AND confidence >= 1 - {accepted}) AS trusting,
               (SELECT count(*) FILTER (WHERE in_scope AND confidence >= 1 - {accepted})::float8 / count(*)
                FROM predicted) AS trusting_coverage
        FROM by_intent""")


def main():
    goals = Goals()
    name, train_pairs, test_pairs = intents_or_demo()
    with Session() as session:
        load_pairs(session, "train_part", train_pairs[0::2])
        load_pairs(session, "solve_part", train_pairs[1::2])
        load_pairs(session, "test_part", test_pairs)
        trained = train(session, "automation", "train_part")
        recorded = session.record(
            "SELECT * FROM triage.record_held_out('automation', 'SELECT text, label FROM solve_part')")
        session.run("""
            CREATE TABLE predicted AS
            SELECT p.intent, p.confidence, p.in_scope, p.intent = t.label AS correct
            FROM test_part t, triage.predict_version('automation', NULL, t.text) AS p""")
        session.run(f"""
            INSERT INTO triage.automation_policy (intent, accepted_error, certainty, min_evidence, min_confidence)
            SELECT DISTINCT label, 0.1, {CERTAINTY}, 1, 0 FROM train_part""")
        figures = {accepted: solve(session, accepted) for accepted in ACCEPTED}

    rows = [(accepted, f["realised"], f["coverage"], f["answers"], f["wrong"], f["automated"], f["trusting"],
             f["trusting_coverage"]) for accepted, f in figures.items()]
    table(f"{name}: {trained['examples']} examples trained with, {recorded['recorded']} solved from, "
          f"{len(test_pairs)} to measure; certainty {CERTAINTY} for each of {figures[ACCEPTED[0]]['intents']} intents",
          ("accepted", "realised", "coverage", "answers", "wrong", "intents", "trusting", "its coverage"), rows)
    for accepted, f in figures.items():
        goals.at_most(f"{name}: realised error where {accepted:g} is accepted", f["realised"], accepted)
    goals.at_least(f"{name}: coverage where 0.1 is accepted", figures[0.10]["coverage"], 0.2)
    goals.finish("accuracy_automation", {"set": name, "trained": trained, "recorded": recorded,
                                         "by_accepted": {str(key): value for key, value in figures.items()}})


if __name__ == "__main__":
    main()
