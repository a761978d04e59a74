#!/usr/bin/python3
"""The queue of escalations, held against graphile-worker and pg-boss in the same run.

Both come from npm, into a folder that is removed (or ST_NODE_MODULES names one that has
them); without npm, or what it cannot fetch, a line says so and nothing is measured.  Jobs
that do nothing, from 20,000 (ST_JOBS) that wait, synchronous_commit off.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import escalate
from bench_lib import Goals, Session, median, node_modules, table

JOBS = int(os.environ.get("ST_JOBS", 20_000))
PEERS = {"graphile-worker": "graphile", "pg-boss": "boss"}


def peer(session, which, modules):
    session.run("DROP SCHEMA IF EXISTS graphile_worker CASCADE; DROP SCHEMA IF EXISTS pgboss CASCADE; CHECKPOINT")
    script = Path(__file__).with_suffix(".js")
    return float(subprocess.run(
        ["node", script, which, str(JOBS)], stdout=subprocess.PIPE, text=True, check=True, timeout=600,
        env=dict(os.environ, NODE_PATH=str(modules),
                 PGUSER=session.value("SELECT current_user"), PGDATABASE=session.value("SELECT current_database()"))).stdout)


def ours(session):
    """4 clients, batches of 100, as in escalate.py."""
    session.run(escalate.EMPTY)
    session.run(f"""SELECT triage.enqueue_escalations(1, array_fill(''::text, ARRAY[{JOBS}]), array_agg(i::text),
            array_fill('manual'::text, ARRAY[{JOBS}]), array_fill('a customer waits'::text, ARRAY[{JOBS}]), array_fill(50, ARRAY[{JOBS}]))
        FROM generate_series(1, {JOBS}) i; CHECKPOINT""")
    return escalate.pgbench(escalate.OURS.format(100), 4, JOBS // 400) * 100


def main():
    goals = Goals()
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        modules = node_modules(folder, PEERS)
        if modules is not None:
            with Session() as session:
                session.run(escalate.SETUP)
                rates = {name: [] for name in ("triage", *PEERS)}
                for _ in range(escalate.ROUNDS):
                    rates["triage"].append(ours(session))
                    for name, which in PEERS.items():
                        rates[name].append(peer(session, which, modules))
            rates = {name: median(measured) for name, measured in rates.items()}
            table("jobs a second worked off", ("queue", "jobs a second"), list(rates.items()))
            for name in PEERS:
                goals.at_least(f"triage, times {name}", rates["triage"] / rates[name], 1.5)
    goals.finish("escalate_peers", {"rates": rates})


if __name__ == "__main__":
    main()
