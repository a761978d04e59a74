#!/usr/bin/python3
"""How often the language is told of sentences, word pairs and single words in 75 languages.

The test sets are lingua's: a sample of Leipzig Corpora.  Nothing is trained on them.  For the
figures with goals all languages are candidates and the best is the answer, however unsure;
then what is answered by default, where "und" says that it is unsure.
"""

import sys

from bench_lib import DATA, Goals, Session, table, timed

SETS = ("sentences", "word-pairs", "single-words")

COMMON = "en fr pt de es it ja ru nl ko tr zh sv nb da pl ar ro cs uk".split()

# per cent at least: mean over the common languages, mean over all
PROMISED = {"sentences": (97.5, 96), "word-pairs": (90, 88), "single-words": (73, 70)}

PREPARE = """
    CREATE TEMP TABLE texts (set text, label text, text text);
    CREATE TEMP TABLE told AS
        SELECT t.set, t.label, l.language, l.confidence FROM texts t, triage.language(t.text) l LIMIT 0;
"""


def means(session):
    """By set and language: the share that is right of all, of those answered, and the share answered."""
    return session.run("""
        SELECT set, label, 100.0 * avg((language = label)::int),
               coalesce(100.0 * avg((language = label)::int) FILTER (WHERE language <> 'und'), 0),
               100.0 * avg((language <> 'und')::int)
        FROM told GROUP BY 1, 2""")


def mean(rows, name, column, languages=None):
    values = [float(r[column]) for r in rows if r[0] == name and (languages is None or r[1] in languages)]
    return sum(values) / len(values)


def main():
    goals = Goals()
    figures = {}
    if not DATA:
        print("no DATA: nothing to measure")
        return
    with Session() as session:
        session.run("CREATE TABLE accuracy_texts (set text, label text, text text)")
        for name in SETS:
            with open(DATA / "language" / f"lingua_{name}.tsv", encoding="utf-8") as lines:
                session.fill("accuracy_texts", [(name, *line.rstrip("\n").split("\t", 1)) for line in lines])
        session.run(PREPARE + "INSERT INTO texts TABLE accuracy_texts; ANALYZE texts")
        rows = {}
        for confidence in (0, None):
            session.run("RESET support_triage.language_confidence" if confidence is None
                        else f"SET support_triage.language_confidence = {confidence}")
            session.run("TRUNCATE told")
            session.run("""INSERT INTO told SELECT t.set, t.label, l.language, l.confidence
                           FROM texts t, triage.language(t.text) l""")
            rows[confidence] = means(session)
        pid = session.pid()
        session.run("""CREATE TEMP TABLE medium AS SELECT left(string_agg(text, ' ') OVER w, 300) AS text
                       FROM texts WHERE set = 'sentences'
                       WINDOW w AS (PARTITION BY label ORDER BY text ROWS 3 PRECEDING)""")
        n = int(session.value("SELECT count(*) FROM medium"))
        cpu, _ = timed(session, pid, "SELECT count(l.language) FROM medium, triage.language(text) l")
        clean, _ = timed(session, pid, "SELECT count(triage.clean(text)) FROM medium")
        figures["microseconds"] = (cpu - clean) / n * 1e6
        session.run("DROP TABLE accuracy_texts")

    lines = []
    for name in SETS:
        forced, default = rows[0], rows[None]
        figures[name] = {
            "common": mean(forced, name, 2, COMMON), "all": mean(forced, name, 2),
            "answered": mean(default, name, 4), "right_of_answered": mean(default, name, 3),
            "by_language": {r[1]: float(r[2]) for r in forced if r[0] == name}}
        f = figures[name]
        lines.append((name, f["common"], f["all"], f["answered"], f["right_of_answered"]))
        goals.at_least(f"{name}: 20 common languages", f["common"], PROMISED[name][0])
        goals.at_least(f"{name}: 75 languages", f["all"], PROMISED[name][1])
    table("language, per cent", ("set", "20 common", "all 75", "answered", "right of these"), lines)
    print(f"{figures['microseconds']:.1f} microseconds of CPU for 300 bytes, less cleaning")
    if "-v" in sys.argv:
        for label in sorted(figures["sentences"]["by_language"]):
            print(label, *(f"{figures[name]['by_language'][label]:.0f}" for name in SETS))
    goals.finish("accuracy_language", figures)


if __name__ == "__main__":
    sys.exit(main())
