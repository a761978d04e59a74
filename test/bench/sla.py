#!/usr/bin/python3
"""Business time: deadlines near and far, elapsed time, and clocks of many tickets."""

from bench_lib import Goals, Session, table, timed

CALLS = 1_000_000
ROUNDS = 5

SETUP = """
INSERT INTO triage.calendar VALUES ('office', 'Europe/Berlin');
INSERT INTO triage.calendar_hours SELECT 'office', d, '09:00', '12:30' FROM generate_series(1, 5) d;
INSERT INTO triage.calendar_hours SELECT 'office', d, '13:00', '17:00' FROM generate_series(1, 5) d;
INSERT INTO triage.calendar_holiday SELECT 'office', date '2026-01-06' + 36 * i, 'holiday' FROM generate_series(0, 9) i;
CREATE UNLOGGED TABLE start AS
    SELECT timestamptz '2026-01-01' + i * interval '31 seconds' AS at FROM generate_series(1, %d) i;
VACUUM ANALYZE start;
"""

QUERIES = {
    "deadline, 40 hours ahead": "SELECT count(triage.business_deadline('office', at, '40 hours')) FROM start",
    "deadline, 5 years ahead": "SELECT count(triage.business_deadline('office', at, '10400 hours')) FROM start",
    "elapsed, a year": "SELECT count(triage.business_elapsed('office', at, at + '365 days')) FROM start",
    "nothing": "SELECT count(at) FROM start",
}


def main():
    goals = Goals()
    with Session() as session:
        session.run(SETUP % CALLS)
        pid = session.pid()
        seconds = {name: [] for name in QUERIES}
        for _ in range(ROUNDS):
            for name, query in QUERIES.items():
                seconds[name].append(timed(session, pid, query)[0])
        micros = {name: 1e6 * sorted(values)[ROUNDS // 2] / CALLS for name, values in seconds.items()}
    rows = [(name, micros[name] - micros["nothing"]) for name in QUERIES if name != "nothing"]
    table(f"business time, µs of CPU a call beyond the scan (median of {ROUNDS}, {CALLS:,} calls each)",
          ("call", "µs"), rows)
    goals.at_most("deadline 40 hours ahead, µs", rows[0][1], 5)
    goals.finish("sla", {"microseconds": dict(rows)})


if __name__ == "__main__":
    main()
