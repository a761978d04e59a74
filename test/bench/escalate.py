#!/usr/bin/python3
"""The queue of escalations, held against bare tables in the same run.

Enqueueing: against a bare INSERT into a table of the same columns and indexes, one a
transaction and 1,000 a transaction.  Claiming and completing, from 200,000 that wait:
against a table with a primary key and the index of its order, claimed by UPDATE ... FOR
UPDATE SKIP LOCKED and completed by DELETE, which keeps no history and no tokens.  The
same after churn: jobs queued, claimed and completed while another session holds a
snapshot, so that nothing of them can be vacuumed; held against the fresh queue.

A transaction a statement, prepared statements, synchronous_commit off, as the disk is not what is
measured.  ST_CHURN is the number of jobs of the churn, 300,000 unless told, ST_ROUNDS that
of rounds, 3; ST_PARTS which of enqueue, claim, churn.
"""

import os
import re
import subprocess
from pathlib import Path

from bench_lib import TMP, Goals, Session, median, table, timed

WAITING = 200_000
CLIENTS = (1, 2, 4, 8)
JOBS = {1: 12_000, 10: 60_000, 100: 160_000}
ROUNDS = int(os.environ.get("ST_ROUNDS", 3))
CHURN = int(os.environ.get("ST_CHURN", 300_000))
PARTS = os.environ.get("ST_PARTS", "enqueue claim churn").split()

SETUP = """
    CREATE TABLE same (LIKE triage.escalation INCLUDING ALL);
    CREATE TABLE bare (LIKE triage.escalation INCLUDING DEFAULTS INCLUDING IDENTITY);
    ALTER TABLE bare ADD PRIMARY KEY (escalation_id);
    CREATE INDEX ON bare (rank, escalation_id)"""

EMPTY = """
    TRUNCATE triage.escalation, triage.escalation_history, same, bare;
    CHECKPOINT"""

FILL = EMPTY + """;
    INSERT INTO {0} (tenant_id, source_id, ticket_key, cause, reason, priority, created_at, due_at, rank)
    SELECT '', 1, i::text, 'manual', 'a customer waits for an answer', 50, now(), now(), now() - i %% 1000 * interval '1 second'
    FROM generate_series(1, %d) i;
    VACUUM ANALYZE {0};
    CHECKPOINT""" % WAITING

# --- scripts of pgbench -------------------------------------------------------

KEY = r"\set key random(1, 1000000000000)" + "\n"
ENQUEUE = {
    1: (KEY + "SELECT triage.enqueue_escalation('', 1, (:key)::text, 'manual', 'a customer waits for an answer', 50);",
        KEY + """INSERT INTO same (tenant_id, source_id, ticket_key, cause, reason, priority, created_at, due_at, rank)
            VALUES ('', 1, (:key)::text, 'manual', 'a customer waits for an answer', 50, now(), now(), now() - interval '5 hours');"""),
    1000: (KEY + """SELECT triage.enqueue_escalations(1, array_fill(''::text, ARRAY[1000]), array_agg(((:key)::bigint + i)::text), array_fill('manual'::text, ARRAY[1000]),
            array_fill('a customer waits for an answer'::text, ARRAY[1000]), array_fill(50, ARRAY[1000])) FROM generate_series(1, 1000) i;""",
           KEY + """INSERT INTO same (tenant_id, source_id, ticket_key, cause, reason, priority, created_at, due_at, rank)
            SELECT '', 1, ((:key)::bigint + i)::text, 'manual', 'a customer waits for an answer', 50, now(), now(), now() - interval '5 hours'
            FROM generate_series(1, 1000) i;"""),
}

OURS = r"""SELECT coalesce(array_agg(escalation_id), '{{}}') AS ids
    FROM triage.claim_escalations('worker ' || :client_id, NULL, {}) \gset
SELECT triage.complete_escalations((:ids)::bigint[], 'worker ' || :client_id, 'done');"""
BARE = r"""WITH c AS (UPDATE bare SET status = 'claimed', attempts = attempts + 1, claimed_by = 'worker ' || :client_id,
        claimed_at = now(), lease_until = now() + interval '5 minutes'
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM bare WHERE status = 'waiting' AND due_at <= now()
                            ORDER BY rank, escalation_id LIMIT {} FOR UPDATE SKIP LOCKED))
    RETURNING *)
    SELECT coalesce(array_agg(escalation_id), '{{}}') AS ids FROM c \gset
DELETE FROM bare WHERE escalation_id = ANY ((:ids)::bigint[]);"""


def pgbench(script, clients, each):
    """Runs a script so many times in each of so many clients; returns runs a second."""
    path = Path(TMP) / "escalate.sql"
    path.write_text(script + "\n", encoding="utf-8")
    report = subprocess.run(
        [Path(os.environ.get("ST_PG_BINDIR", "")) / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
         "-t", str(each), "-f", path], stdout=subprocess.PIPE, text=True, check=True,
        env=dict(os.environ, PGOPTIONS="-c synchronous_commit=off -c jit=off")).stdout
    return float(re.search(r"tps = ([\d.]+)", report).group(1))


def medians(rounds):
    return [median(column) for column in zip(*rounds)]


def enqueue(session, size):
    """Rows a second, ours and bare, and the ratio."""
    each = 8000 if size == 1 else 60
    rounds = []
    for _ in range(ROUNDS):
        session.run(EMPTY)
        bare = pgbench(ENQUEUE[size][1], 1, each) * size
        session.run(EMPTY)
        ours = pgbench(ENQUEUE[size][0], 1, each) * size
        rounds.append((ours, bare, ours / bare))
    return medians(rounds)


def claim(session, clients, batch):
    """Jobs a second claimed and completed, ours and bare, and the ratio."""
    each = JOBS[batch] // batch // clients
    rounds = []
    for _ in range(ROUNDS):
        session.run(FILL.format("bare"))
        bare = pgbench(BARE.format(batch), clients, each) * batch
        session.run(FILL.format("triage.escalation"))
        ours = pgbench(OURS.format(batch), clients, each) * batch
        done, twice = session.run("SELECT count(*), count(*) - count(DISTINCT escalation_id) FROM triage.escalation_history")[0]
        assert (int(done), int(twice)) == (each * batch * clients, 0), (done, twice)
        rounds.append((ours, bare, ours / bare))
    return medians(rounds)


def churn(session):
    """Jobs a second of 4 clients in batches of 10: fresh, after the churn, and the ratio."""
    each = 100_000 // 10 // 4
    session.run(FILL.format("triage.escalation"))
    fresh = pgbench(OURS.format(10), 4, each) * 10
    session.run(FILL.format("triage.escalation"))
    with Session() as holder:
        holder.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM triage.escalation")
        path = ENQUEUE[1000][0]
        for _ in range(CHURN // 50_000):
            pgbench(path, 1, 50)
            pgbench(OURS.format(100), 4, 125)
        waiting, dead = session.run(
            """SELECT (SELECT count(*) FROM triage.escalation),
                      pg_relation_size('triage.escalation_next') / 1024 / 1024""")[0]
        with Session() as first:
            delay = timed(first, first.pid(), "BEGIN; SELECT count(*) FROM triage.claim_escalations('new'); ROLLBACK")[1]
        after = pgbench(OURS.format(10), 4, each) * 10
        bench = (fresh, after, after / fresh)
    return bench, int(waiting), int(dead), delay


def main():
    goals = Goals()
    figures = {}
    with Session() as session:
        session.run(SETUP)
        if "enqueue" in PARTS:
            rates = {size: enqueue(session, size) for size in ENQUEUE}
            table("escalations queued a second, one client",
                  ("a transaction", "triage.enqueue_escalation(s)", "bare INSERT", "ratio"),
                  [(size, *rates[size]) for size in rates])
            for size, rate in rates.items():
                goals.at_least(f"enqueue, {size:,} a transaction, times a bare INSERT", rate[2], 0.9)
            figures["enqueue"] = {str(size): rate for size, rate in rates.items()}
        if "claim" in PARTS:
            rates = {(clients, batch): claim(session, clients, batch) for batch in JOBS for clients in CLIENTS}
            table(f"escalations claimed and completed a second, from {WAITING:,} that wait",
                  ("clients", "batch", "triage", "bare table", "ratio"),
                  [(*key, *rates[key]) for key in rates])
            for (clients, batch), rate in rates.items():
                goals.at_least(f"claim and complete, {clients} clients, batches of {batch}, times a bare table", rate[2], 0.8)
            figures["claim"] = {f"{clients} x {batch}": rate for (clients, batch), rate in rates.items()}
        if "churn" in PARTS:
            rate, waiting, index, delay = churn(session)
            print(f"\n  churn: {CHURN:,} jobs under a held snapshot, then {waiting:,} wait, index of the order {index} MB, first claim of a session {delay:.2f} s")
            table("escalations claimed and completed a second by 4 clients, batches of 10",
                  ("fresh", "after the churn", "ratio"), [rate])
            goals.at_least("after churn under a held snapshot, times fresh", rate[2], 0.5)
            figures["churn"] = {"jobs": CHURN, "fresh": rate[0], "after": rate[1], "first_claim_seconds": delay}
    goals.finish("escalate", figures)


if __name__ == "__main__":
    main()
