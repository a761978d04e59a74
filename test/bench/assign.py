#!/usr/bin/python3
"""Claims of tickets by several agents at once, from a queue of 200,000 that wait.

Held against a bare claim: DELETE of the first row of a table of the same columns and
indexes by FOR UPDATE SKIP LOCKED, RETURNING it, which knows neither agents nor capacity.
Both in the same run, one after the other, a transaction a claim, prepared statements.
Each client is an agent of its own.  Then the capacity of agents whose clients claim
for them four at a time.
"""

import os
import re
import subprocess
from pathlib import Path

from bench_lib import TMP, Goals, Session, median, table

WAITING = 200_000
CLIENTS = (1, 2, 4, 8)
SECONDS, ROUNDS = 4, 3
CAPACITY = 50

SETUP = """
    INSERT INTO triage.queue (queue_id, name, is_default) VALUES (1, 'everything', true);
    INSERT INTO triage.agent (name, capacity) SELECT 'agent ' || i, 1000000 FROM generate_series(0, 15) i;
    INSERT INTO triage.agent_queue SELECT name, 'everything' FROM triage.agent;
    CREATE TABLE bare (LIKE triage.waiting INCLUDING ALL);
"""
FILL = """
    TRUNCATE triage.waiting, triage.assignment, bare;
    UPDATE triage.agent_work SET units = 0, tickets = 0;
    INSERT INTO {} (tenant_id, source_id, ticket_key, queue_id, rank, since, queued_at, priority, units, channel, language)
    SELECT '', 1, i::text, 1, now() - i %% 1000 * interval '1 second', now(), now(), 50, 1, 'email', 'en'
    FROM generate_series(1, %d) i;
    VACUUM ANALYZE {};
    CHECKPOINT""" % WAITING

OURS = "SELECT * FROM triage.claim_ticket('agent ' || :client_id);"
BARE = """DELETE FROM bare WHERE ctid = (
    SELECT ctid FROM bare WHERE queue_id = 1 ORDER BY rank, waiting_id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING tenant_id, source_id, ticket_key, queue_id, priority, since, channel, language, units;"""


def pgbench(name, script, clients, *how):
    path = Path(TMP) / f"{name}.sql"
    path.write_text(script + "\n", encoding="utf-8")
    report = subprocess.run(
        [Path(os.environ.get("ST_PG_BINDIR", "")) / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
         *how, "-f", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(re.search(r"tps = ([\d.]+)", report).group(1))


def measure(session, clients):
    """Claims a second, ours and bare: the medians, and the median of the ratio of rounds."""
    rounds = []
    for _ in range(ROUNDS):
        session.run(FILL.format("bare", "bare"))
        bare = pgbench("bare", BARE, clients, "-T", str(SECONDS))
        session.run(FILL.format("triage.waiting", "triage.waiting"))
        ours = pgbench("claim", OURS, clients, "-T", str(SECONDS))
        rounds.append((ours, bare, ours / bare))
    return [median(column) for column in zip(*rounds)]


def overfull(session):
    """How many agents had more than they may after four clients claimed for each of two; what both had."""
    session.run(FILL.format("triage.waiting", "triage.waiting") + f"; UPDATE triage.agent SET capacity = {CAPACITY}")
    pgbench("crowd", "SELECT * FROM triage.claim_ticket('agent ' || :client_id % 2);", 8, "-t", "200")
    return session.run(f"""
        SELECT count(*) FILTER (WHERE n > {CAPACITY} OR n <> l.units), sum(n)
        FROM (SELECT agent_id, count(*) AS n FROM triage.assignment WHERE released_at IS NULL GROUP BY 1) a
        JOIN triage.agent_work l USING (agent_id)""")[0]


def main():
    goals = Goals()
    with Session() as session:
        session.run(SETUP)
        figures = {clients: measure(session, clients) for clients in CLIENTS}
        over, had = overfull(session)
    table(f"claims a second from {WAITING:,} waiting tickets, a transaction each",
          ("agents", "triage.claim_ticket", "bare claim", "ratio"),
          [(clients, *figures[clients]) for clients in CLIENTS])
    print(f"  8 clients for 2 agents of capacity {CAPACITY}: {had} tickets, {over} agents with more than they may")
    for clients in CLIENTS:
        goals.at_least(f"claims by {clients} at once, times a bare claim", figures[clients][2], 0.7)
    goals.at_most("agents with more than their capacity", int(over), 0)
    goals.finish("assign", {"claims": {str(clients): figures[clients] for clients in CLIENTS}})


if __name__ == "__main__":
    main()
