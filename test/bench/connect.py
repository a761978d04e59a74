#!/usr/bin/python3
"""What a new connection pays for its first triage.classify, in time and in memory of its own.

Another connection has used the model before, so that its mapping is there.  Times
are those that psql sees on a socket.  Memory is the backend's anonymous memory;
Private_Dirty, which also counts pages of shared buffers that no other backend has
touched, is shown beside it.
"""

import re
from pathlib import Path

from bench_lib import Goals, Session, cpu_seconds, intents_or_demo, load_pairs, median, table, train

CONNECTIONS = 50

PLAIN = "SELECT length('where is my card?')"
LIBRARY = "SELECT triage.clean('where is my card?')"
CLASSIFY = "SELECT (triage.classify('intents', 'where is my card?')).label"
AGAIN = "SELECT (triage.classify('intents', 'my card was charged twice, please help')).label"


def milliseconds(session, query):
    """As psql tells it: from sending the query to having its answer."""
    shown = session.run(f"\\timing on\n{query};\n\\timing off")
    return float(re.search(r"([0-9.]+) ms", shown[-1][0]).group(1))


def memory(pid):
    """(anonymous memory, Private_Dirty) of a process in kB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"^{name}: *(\d+) kB", rollup, re.M).group(1)) for name in ("Anonymous", "Private_Dirty"))


def statements(queries):
    """Runs queries in a new connection; returns milliseconds and CPU milliseconds of each."""
    with Session(setup=None) as session:
        pid = session.pid()
        times = []
        for query in queries:
            before = cpu_seconds(pid)
            times.append(milliseconds(session, query))
            times.append(1000 * (cpu_seconds(pid) - before))
        return times


def growth(queries):
    """Runs queries in a new connection; returns what each adds to its memory in kB."""
    with Session(setup=None) as session:
        pid = session.pid()
        sizes = [memory(pid)]
        for query in queries:
            session.run(query)
            sizes.append(memory(pid))
    return [tuple(b - a for a, b in zip(before, after)) for before, after in zip(sizes, sizes[1:])]


def medians(runs):
    """Column by column."""
    return [median(column) for column in zip(*runs)]


def main():
    goals = Goals()
    with Session() as session:
        data, train_pairs, _ = intents_or_demo()
        load_pairs(session, "train", train_pairs)
        train(session, "intents", "train")
        session.run(CLASSIFY)

        direct, library, plain = [], [], []
        for _ in range(CONNECTIONS):
            direct.append(statements([CLASSIFY, AGAIN, AGAIN]))
            library.append(statements([LIBRARY, CLASSIFY, AGAIN]))
            plain.append(statements([PLAIN, PLAIN]))
        direct, library, plain = medians(direct), medians(library), medians(plain)

        grown = [growth([PLAIN, LIBRARY, CLASSIFY, AGAIN]) for _ in range(10)]
        private = [median(run[i][0] for run in grown) for i in range(4)]
        dirty = [median(run[i][1] for run in grown) for i in range(4)]

    table(f"new connections, median of {CONNECTIONS}, ms",
          ("first statement", "ms", "CPU", "the one after", "CPU", "the next", "CPU"),
          [("triage.classify", *direct),
           ("triage.clean, then triage.classify", *library),
           ("length", *plain, None, None)])
    table("memory of its own that each statement adds, kB", ("statement", "anonymous", "Private_Dirty"),
          [(name, private[i], dirty[i]) for i, name in enumerate(
              ("length", "triage.clean: the library, ICU", "first triage.classify", "second triage.classify"))])
    goals.at_most("first classify in a new connection, ms", direct[0], 2)
    goals.at_most("memory of its own that classify adds, kB", private[2] + private[3], 1024)
    goals.finish("connect", {
        "data": data,
        "milliseconds": {"classify": direct, "clean_then_classify": library, "length": plain},
        "kilobytes": {"anonymous": private, "private_dirty": dirty}})


if __name__ == "__main__":
    main()
