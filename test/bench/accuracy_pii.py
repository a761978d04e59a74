#!/usr/bin/python3
"""How well personal data is found: precision and recall of each kind, on sentences with marked spans.

A span is found when one of the same kind overlaps it, as presidio-research counts
(overlap); exact asks for the same beginning and end.  Nothing is trained on these
sentences.
"""

import json
import sys

from bench_lib import DATA, Goals, Session, table

# kinds of the set that we look for, and what it calls them
KINDS = {
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN": "IBAN_CODE",
    "IP_ADDRESS": "IP_ADDRESS",
    "URL": "DOMAIN_NAME",
    "US_SSN": "US_SSN",
    "DATE": "DATE_TIME",
}

# precision and recall at least; dates of the set are also years and days of the week, so nothing is promised
PROMISED = {
    "EMAIL": 0.97, "CREDIT_CARD": 0.97, "IBAN": 0.97, "IP_ADDRESS": 0.97, "URL": 0.97,
    "US_SSN": 1.0, "PHONE": 0.88,
}


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1]


def same(a, b):
    return a == b


def count(documents, kind, match):
    """How many spans of a kind are marked, found, and of those marked and found how many match."""
    marked = found = recalled = right = 0
    for expected, actual in documents:
        wanted, got = expected[kind], actual[kind]
        marked += len(wanted)
        found += len(got)
        recalled += sum(any(match(span, other) for other in got) for span in wanted)
        right += sum(any(match(span, other) for other in wanted) for span in got)
    return marked, found, recalled, right


def is_calendar_date(text):
    return any(c.isdigit() for c in text) and len(text) > 4


def read_documents(session, path):
    """The marked spans and those that are found, by kind, of each document."""
    with open(path, encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    session.run("CREATE TEMP TABLE sentences (id int, text text)")
    values = ",".join(f"({i}, {literal(document['text'])})" for i, document in enumerate(documents))
    session.run(f"INSERT INTO sentences VALUES {values}")
    found = session.run("""
        SELECT s.id, p.kind, p.start, p.length, p.value FROM sentences s, triage.find_pii(s.text) p""")

    result = []
    for document in documents:
        expected = {kind: [] for kind in KINDS}
        for span in document["spans"]:
            for kind, name in KINDS.items():
                # what is no day of the calendar is not looked for
                if span["kind"] == name and (kind != "DATE" or is_calendar_date(span["value"])):
                    expected[kind].append((span["start"], span["end"]))
        result.append((expected, {kind: [] for kind in KINDS}))
    for i, kind, start, length, value in found:
        first = int(start) - 1
        if documents[int(i)]["text"][first:first + int(length)] != value:
            sys.exit(f"offsets of sentence {i} are wrong: {value!r}")
        result[int(i)][1][kind].append((first, first + int(length)))
    return documents, result


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def errors(documents, result, kind):
    for document, (expected, actual) in zip(documents, result):
        for span in expected[kind]:
            if not any(overlap(span, other) for other in actual[kind]):
                yield "missed", document["text"][max(0, span[0] - 40):span[1] + 30], document["text"][slice(*span)]
        for span in actual[kind]:
            if not any(overlap(span, other) for other in expected[kind]):
                yield "wrong", document["text"][max(0, span[0] - 40):span[1] + 30], document["text"][slice(*span)]


def main():
    goals = Goals()
    figures = {}
    if not DATA:
        print("no DATA: nothing to measure")
        return
    with Session() as session:
        documents, result = read_documents(session, DATA / "pii" / "synth_dev.jsonl")
    for kind in KINDS:
        figures[kind] = {}
        for name, match in (("overlap", overlap), ("exact", same)):
            marked, found, recalled, right = count(result, kind, match)
            figures[kind][name] = {
                "marked": marked, "found": found,
                "precision": right / found if found else 0.0, "recall": recalled / marked if marked else 0.0}
        if kind in PROMISED:
            goals.at_least(f"{kind}: precision", figures[kind]["overlap"]["precision"], PROMISED[kind])
            goals.at_least(f"{kind}: recall", figures[kind]["overlap"]["recall"], PROMISED[kind])
    table(f"personal data in {len(documents)} sentences; dates are those with a day",
          ("kind", "marked", "found", "precision", "recall", "precision, exact", "recall, exact"),
          [(kind, f["overlap"]["marked"], f["overlap"]["found"], f["overlap"]["precision"], f["overlap"]["recall"],
            f["exact"]["precision"], f["exact"]["recall"]) for kind, f in figures.items()])
    if "-v" in sys.argv:
        for kind in KINDS:
            for what, around, span in errors(documents, result, kind):
                print(f"{kind} {what}: {span!r} in {around!r}")
    goals.finish("accuracy_pii", figures)


if __name__ == "__main__":
    sys.exit(main())
