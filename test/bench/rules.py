#!/usr/bin/python3
"""Routing rules: one rule, fifty rules, replay; beside the same fifty conditions in plain SQL and PL/pgSQL."""

import json

from bench_lib import Goals, Session, median, table, timed

DECISIONS = 200_000
RULES = 50
ROUNDS = 5

# Facts as tickets have them: half the rules' intents occur, one ticket in ten is not in scope.
SETUP = f"""
INSERT INTO triage.queue (name, is_default) VALUES ('all', true);
INSERT INTO triage.queue (name) SELECT 'queue ' || i FROM generate_series(0, 9) i;
INSERT INTO triage.decision (
    tenant_id, source_id, ticket_key, decided_at, outcome, tier, queue_id, priority, reasons, customer, channel, segment,
    language, status, created_at, subject_length, body_length, truncated, intent, intent_confidence, intent_margin, in_scope,
    model_name, model_version, language_confidence, script, mixed_language, sentiment, sentiment_label,
    sentiment_confidence, emotion, emotion_confidence, irony, signals_conflict, urgency, wants_human, sensitive_topics,
    complexity, pii_kinds, repeat_contact)
SELECT '', 1, i::text, now() - i * interval '1 second', 'human', 'assisted', (SELECT queue_id FROM triage.queue WHERE is_default),
    50, ARRAY['no rule matched'], 'customer ' || i % 5000, (ARRAY['mail', 'chat', 'phone'])[1 + i % 3],
    (ARRAY['vip', 'standard', 'free'])[1 + i % 7 % 3], 'en', 'open', now() - i * interval '1 second', i % 60, i * 7919 % 2000, false,
    'intent ' || i * 31 % 100, (i * 37 % 100) / 100.0, (i * 41 % 100) / 100.0, i % 10 > 0, 'intent', 1, 0.9, 'Latn', false,
    (i * 43 % 200 - 100) / 100.0, 'neutral', 0.7, (ARRAY['neutral', 'anger', 'joy'])[1 + i % 11 % 3], 0.4, 0.1, false,
    (i * 47 % 100) / 100.0, i % 50 = 0, '{{}}', (i * 53 % 100) / 100.0, '{{}}', i % 3
FROM generate_series(1, {DECISIONS}) i;
VACUUM ANALYZE triage.decision;
"""


def conditions(n):
    """Conditions of several kinds, of which few hold: most tickets pass all of them."""
    for i in range(n):
        kind = i % 5
        if kind == 0:
            yield f"intent = 'intent {i}' AND in_scope AND intent_confidence >= 0.8"
        elif kind == 1:
            yield f"segment = 'vip' AND sentiment < -0.9 AND body_length > {i * 30}"
        elif kind == 2:
            yield f"intent IN ('intent {i}', 'intent {i + 50}') AND urgency > 0.97"
        elif kind == 3:
            yield f"emotion = 'anger' AND complexity > 0.95 AND channel <> 'phone' AND repeat_contact = {i % 3}"
        else:
            yield f"body_length BETWEEN {i} AND {i + 5} AND language = 'en' AND wants_human"


def rules(texts):
    return [{"name": f"rule {i}", "condition": text, "queue": f"queue {i % 10}"} for i, text in enumerate(texts)]


def replay(texts):
    proposed = json.dumps(rules(texts)).replace("'", "''")
    return f"SELECT sum(decisions) FROM triage.replay_routing('{proposed}')"


def main():
    goals = Goals()
    texts = list(conditions(RULES))
    throwing = [f"({text}) AND length(customer) < 100" for text in texts]
    case = " ".join(f"WHEN {text} THEN {i}" for i, text in enumerate(texts))
    branches = " ".join(f"IF {text} THEN RETURN {i}; END IF;" for i, text in enumerate(texts))
    names = ["intent", "in_scope", "intent_confidence", "segment", "sentiment", "body_length", "urgency", "emotion",
             "complexity", "channel", "repeat_contact", "language", "wants_human"]
    types = ["text", "boolean", "real", "text", "real", "int", "real", "text", "real", "text", "int", "text", "boolean"]
    arguments = ", ".join(f"{name} {kind}" for name, kind in zip(names, types))
    peer = f"CREATE FUNCTION fifty({arguments}) RETURNS int LANGUAGE plpgsql AS $$ BEGIN {branches} RETURN -1; END $$"

    queries = {
        "read": "SELECT count(coalesce(intent, '')) FROM triage.decision",
        "replay, no rule": replay([]),
        "replay, 1 rule": replay(texts[:1]),
        f"replay, {RULES} rules": replay(texts),
        f"replay, {RULES} rules that may throw": replay(throwing),
        f"CASE of {RULES}": f"SELECT count(CASE {case} END) FROM triage.decision",
        f"PL/pgSQL, {RULES} IFs": f"SELECT count(fifty({', '.join(names)})) FROM triage.decision",
    }
    with Session() as session:
        session.run(SETUP)
        session.run(peer)
        pid = session.pid()
        cpu = {name: [] for name in queries}
        wall = {name: [] for name in queries}
        for _ in range(ROUNDS):
            for name, query in queries.items():
                one = timed(session, pid, query)
                cpu[name].append(one[0])
                wall[name].append(one[1])
    micros = {name: 1e6 * median(values) / DECISIONS for name, values in cpu.items()}
    nothing, read = micros["replay, no rule"], micros["read"]
    fifty = f"replay, {RULES} rules"
    table(f"a decision anew from its stored facts, µs of CPU (median of {ROUNDS}, {DECISIONS:,} decisions)",
          ("what", "µs a decision", "a CPU second", "a second"),
          [(name, micros[name], 1e6 / micros[name], DECISIONS / median(wall[name])) for name in queries if name.startswith("replay")])
    rows = [
        ("one rule", micros["replay, 1 rule"] - nothing),
        (f"{RULES} rules", micros[fifty] - nothing),
        (f"{RULES} rules that may throw", micros[fifty + " that may throw"] - nothing),
        (f"peer: SQL CASE of {RULES}", micros[f"CASE of {RULES}"] - read),
        (f"peer: PL/pgSQL function of {RULES} IFs", micros[f"PL/pgSQL, {RULES} IFs"] - read),
    ]
    table("rules alone, µs of CPU a ticket", ("what", "µs"), rows)
    goals.at_most(f"{RULES} rules for one ticket, µs", rows[1][1], 60)
    goals.at_most(f"{RULES} rules / SQL CASE of {RULES}", rows[1][1] / rows[3][1], 3)
    goals.at_least(f"replay with {RULES} rules, decisions a second of one core", 1e6 / micros[fifty], 20_000)
    goals.finish("rules", {"microseconds": micros, "alone": dict(rows)})


if __name__ == "__main__":
    main()
