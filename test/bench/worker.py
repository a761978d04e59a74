#!/usr/bin/python3
"""The background worker: how soon it acts, and what it costs while there is nothing to do.

Wake-up: from the last statement before the commit that queues an escalation to a task of the
worker that writes down that it has seen it.  Deadlines: from the instant at which a promise
is broken to the same task's having seen the escalation, for clocks that end one after the other.  Idle: the
worker's processor time, and whether it holds a transaction or a snapshot.  By the server's
clock.  The worker is started by triage.start_worker() where the server does not preload the
library.
"""

import time

from bench_lib import Goals, Session, cpu_seconds, median, table

WAKES = 300
DEADLINES = 200
IDLE_SECONDS = 20

SETUP = """
    CREATE TABLE sent (key text PRIMARY KEY, at timestamptz);
    CREATE TABLE acted (key text PRIMARY KEY, at timestamptz);
    CREATE FUNCTION act() RETURNS timestamptz LANGUAGE sql AS $$
        INSERT INTO public.acted SELECT e.cause || e.ticket_key, pg_catalog.clock_timestamp() FROM triage.escalation e
        WHERE NOT EXISTS (SELECT FROM public.acted a WHERE a.key = e.cause || e.ticket_key);
        SELECT NULL::timestamptz $$;
    INSERT INTO triage.task (name, function, run_every) VALUES ('act', 'public.act()', '1 hour');
    INSERT INTO triage.sla_policy (position, name, warn_at) VALUES (1, 'everybody', '{}');
    INSERT INTO triage.sla_target (policy_id, metric, target) SELECT policy_id, 'first_reply', '1 hour' FROM triage.sla_policy;
    SELECT triage.start_worker();
"""


def wait_until(session, query):
    for _ in range(600):
        if session.value(query) == "t":
            return
        time.sleep(0.1)
    raise SystemExit(f"this did not come: {query}")


def percentile(numbers, percent):
    return sorted(numbers)[min(len(numbers) - 1, len(numbers) * percent // 100)]


def wakes(session):
    """Milliseconds from commit to action, each time when the worker sleeps."""
    for i in range(WAKES):
        session.run(f"""BEGIN; SELECT triage.enqueue_escalation('', 1, '{i}', 'bench', 'a customer waits', 50);
            SELECT triage.wake_worker(); INSERT INTO sent VALUES ('bench{i}', clock_timestamp()); COMMIT;""")
        time.sleep(0.03)
    wait_until(session, f"SELECT count(*) = {WAKES} FROM acted")
    return [float(row[0]) for row in session.run(
        "SELECT extract(epoch FROM a.at - s.at) * 1000 FROM sent s JOIN acted a USING (key)")]


def deadlines(session):
    """Milliseconds from the end of a clock to the escalation."""
    session.run(f"""SELECT triage.start_clocks('', 2, i::text, jsonb_populate_record(NULL::triage.facts, '{{}}'), 50::smallint, 'new',
            now() - interval '1 hour' + interval '3 seconds' + i * interval '47 milliseconds')
        FROM generate_series(1, {DEADLINES}) i""")
    wait_until(session, f"SELECT count(*) = {DEADLINES} FROM acted WHERE key LIKE 'sla_breach%'")
    return [float(row[0]) for row in session.run("""SELECT extract(epoch FROM a.at - c.due_at) * 1000
        FROM triage.sla_clock c JOIN acted a ON a.key = 'sla_breach:first_reply' || c.ticket_key""")]


def idle(session, pid):
    """Processor time in percent of a core, and in how many of the samples it held a transaction or snapshot."""
    # each sample is by another session, which wakes nobody
    before, open_at = cpu_seconds(pid), 0
    for _ in range(IDLE_SECONDS):
        time.sleep(1)
        open_at += session.value(f"""SELECT xact_start IS NOT NULL OR backend_xmin IS NOT NULL OR backend_xid IS NOT NULL
            FROM pg_stat_activity WHERE pid = {pid}""") == "t"
    return 100 * (cpu_seconds(pid) - before) / IDLE_SECONDS, open_at


def main():
    goals = Goals()
    with Session() as session:
        preloaded = session.value("SELECT current_setting('shared_preload_libraries') LIKE '%support_triage%'") == "t"
        session.run(SETUP)
        wait_until(session, "SELECT count(*) = 1 FROM triage.worker_status WHERE state = 'waiting'")
        # tasks are slower the first time
        wait_until(session, "SELECT bool_and(last_finished IS NOT NULL) FROM triage.task_status")
        pid = int(session.value("SELECT pid FROM triage.worker_status"))
        woken = wakes(session)
        late = deadlines(session)
        time.sleep(2)
        used, open_at = idle(session, pid)
        failing = int(session.value("SELECT failing FROM triage.worker_status"))
        session.run("SELECT triage.stop_worker()")
        wait_until(session, "SELECT pid IS NULL FROM triage.worker_status")
    table(f"the worker, {'' if preloaded else 'not '}preloaded", ("milliseconds", "median", "95 of 100", "longest"),
          [("commit to action", median(woken), percentile(woken, 95), max(woken)),
           ("deadline to escalation", median(late), percentile(late, 95), max(late))])
    print(f"  idle: {used:.3f} % of a core, a transaction open in {open_at} of {IDLE_SECONDS} samples")
    goals.at_most("commit of an escalation to the worker's action, median ms", median(woken), 10)
    goals.at_most("deadline to its escalation, 95 of 100, ms", percentile(late, 95), 100)
    goals.at_most("worker idle, percent of a core", used, 0.5)
    goals.at_most("worker idle, samples with a transaction open", open_at, 0)
    goals.at_most("tasks that failed", failing, 0)
    goals.finish("worker", {"preloaded": preloaded, "wakes": woken, "deadlines": late, "idle": used})


if __name__ == "__main__":
    main()
