"""What the programs of this directory share: psql sessions, CPU time, texts, tables.

Only the standard library: these run wherever psql and python3 are.  CPU time is
what to compare by, because a machine may have other users; wall time is shown
beside it.
"""

import csv
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ["DATA"]) if os.environ.get("DATA") else None
OUT = Path(os.environ.get("OUT") or ".")
PSQL = Path(os.environ.get("ST_PG_BINDIR", "")) / "psql"
TMP = os.environ.get("TMPDIR") or "/tmp"

# One statement is measured at a time, on one core, as an index build or a trigger would run it.
QUIET = "SET max_parallel_workers_per_gather = 0; SET jit = off; SET client_min_messages = warning;"


# --- the server ---------------------------------------------------------------


class Session:
    """A psql that stays connected, so that its backend can be watched between statements."""

    END = "=== end of answer ==="

    def __init__(self, setup=QUIET):
        self.psql = subprocess.Popen(
            [PSQL, "-X", "-q", "--csv", "-t", "-v", "ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        if setup:
            self.run(setup)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait()

    def run(self, script):
        """Runs SQL and psql's commands; returns the lines that they print as rows of text."""
        # As a query, because psql does not flush what it only echoes.
        self.psql.stdin.write(f"{script}\n;SELECT '{self.END}';\n")
        self.psql.stdin.flush()
        answer = []
        for line in self.psql.stdout:
            if line.rstrip("\n") == self.END:
                return list(csv.reader(io.StringIO("".join(answer))))
            answer.append(line)
        sys.exit(f"this failed: {script[:300]}")

    def value(self, query):
        return self.run(query)[0][0]

    def record(self, query):
        """The only row of a query as a dictionary, numbers as numbers."""
        return json.loads(self.value(f"SELECT to_jsonb(r) FROM ({query}) r"))

    def pid(self):
        return int(self.value("SELECT pg_backend_pid()"))

    def fill(self, table, rows):
        """Appends rows, tuples of text, to a table."""
        lines = "".join("\t".join(map(copy_field, row)) + "\n" for row in rows)
        # Not through this psql: what follows COPY's data on a pipe stays unread.
        subprocess.run([PSQL, "-X", "-q", "-c", f"COPY {table} FROM stdin"], input=lines, text=True,
                       encoding="utf-8", check=True)


def copy_field(text):
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return text


def cpu_seconds(pid):
    """CPU time that a process has used, finer than the ticks of /proc/PID/stat where the kernel tells."""
    try:
        used = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        if used > 0:
            return used / 1e9
    except OSError:
        pass
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(session, pid, script):
    """Runs a script in a session; returns (CPU seconds of its backend, wall seconds)."""
    cpu, wall = cpu_seconds(pid), time.monotonic()
    session.run(script)
    return cpu_seconds(pid) - cpu, time.monotonic() - wall


def timed_command(command, **how):
    """Runs a command; returns (CPU seconds, wall seconds, its output)."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **how)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - wall, done.stdout


# --- texts --------------------------------------------------------------------


def read_pairs(path):
    """Lines of label TAB text as (text, label)."""
    with open(path, encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t", 1) for line in lines]
    return [(text, label) for label, text in pairs]


def demo_tickets():
    """The tickets that the project wrote itself, as (text, label, language)."""
    with open(ROOT / "test/demo/tickets.tsv", encoding="utf-8") as lines:
        fields = [line.rstrip("\n").split("\t") for line in lines]
    tickets = []
    for intent, language, _channel, _segment, subject, body in fields:
        text = f"{subject}\n{body}" if subject else body
        tickets.append((text.replace("\\n", "\n"), intent, language))
    return tickets


def intents_or_demo():
    """Name, training pairs, test pairs: bank questions where there is DATA, else the demo tickets."""
    if DATA:
        folder = DATA / "intents"
        return "banking77", read_pairs(folder / "banking77.train.tsv"), read_pairs(folder / "banking77.test.tsv")
    print("no DATA: the demo tickets stand in, repeated")
    pairs = [(text, label) for text, label, _ in demo_tickets() if label != "nonsense"]
    return "demo", pairs[0::2] + pairs[1::4], pairs[3::4]


def load_pairs(session, table, pairs):
    session.run(f"CREATE UNLOGGED TABLE {table} (text text, label text)")
    session.fill(table, pairs)
    session.run(f"VACUUM ANALYZE {table}")


def train(session, model, table):
    """Trains with the default options; returns the row of triage.train, with CPU seconds beside wall seconds."""
    pid = session.pid()
    cpu = cpu_seconds(pid)
    metrics = session.record(f"SELECT * FROM triage.train('{model}', 'SELECT text, label FROM {table}')")
    metrics["cpu_seconds"] = cpu_seconds(pid) - cpu
    return metrics


# --- figures ------------------------------------------------------------------


def node_modules(folder, packages):
    """The folder with npm's packages, fetched into the given one; None with a line that says why not."""
    given = os.environ.get("ST_NODE_MODULES")
    if given:
        return Path(given)
    if not shutil.which("npm"):
        print("skipped: there is no npm")
        return None
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *packages],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        print("skipped: npm took too long")
        return None
    if done.returncode != 0:
        print("skipped: npm could not fetch them:", done.stdout.strip().splitlines()[-1:])
        return None
    return Path(folder) / "node_modules"


def median(numbers):
    return statistics.median(numbers)


def cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ok" if value else "MISSED"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) <= 1 else f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(title, header, rows):
    """Prints rows under a header; columns that begin with a number to the right."""
    lines = [header] + [[cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    sides = [str.rjust if isinstance(value, (int, float)) else str.ljust for value in rows[0]]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(side(text, width) for side, text, width in zip(sides, line, widths)).rstrip())
    sys.stdout.flush()


def machine_speed():
    """Nanoseconds of a step of Python, and of one that also waits for memory: a shared machine changes by the hour, and
    what is measured in microseconds changes with it."""
    slots, steps = 1 << 22, 400_000
    chain = array("I", ((i * 1_664_525 + 1_013_904_223) & (slots - 1) for i in range(slots)))

    def step_ns(far):
        at = 0
        begun = time.process_time()
        for _ in range(steps):
            at = chain[at] if far else chain[at & 255]
        return 1e9 * (time.process_time() - begun) / steps

    return {"step": median(step_ns(False) for _ in range(3)), "step_and_memory": median(step_ns(True) for _ in range(3))}


class Goals:
    """What must be reached: collected while measuring, shown at the end, and the exit status."""

    def __init__(self):
        self.rows = []

    def at_least(self, name, value, goal):
        self.rows.append((name, value, f">= {goal:g}", value >= goal))

    def at_most(self, name, value, goal):
        self.rows.append((name, value, f"<= {goal:g}", value <= goal))

    def finish(self, program, figures):
        """Prints the goals, writes everything as JSON, ends the program: 1 when something was missed."""
        if self.rows:
            table("goals", ("figure", "value", "goal", "reached"), self.rows)
        speed = machine_speed()
        print(f"  the machine at the end: a step of Python {speed['step']:.0f} ns, with a read of 16 MB at random "
              f"{speed['step_and_memory']:.0f} ns")
        figures = dict(figures, machine_ns=speed, goals=[
            dict(zip(("figure", "value", "goal", "reached"), row)) for row in self.rows])
        OUT.mkdir(exist_ok=True)
        (OUT / f"{program}.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
        sys.exit(0 if all(row[3] for row in self.rows) else 1)
