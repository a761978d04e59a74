#!/usr/bin/python3
"""Documents a second: triage.classify over a table, beside `fasttext predict-prob` over a file.

One core each, the same 300,000 documents, in turns, medians.  fastText's best model
for these texts, with character n-grams.  Reading that model from disk is not held
against it: the time of predicting one line is taken off.
"""

import shutil
from pathlib import Path

from bench_lib import TMP, Goals, Session, intents_or_demo, load_pairs, median, table, timed, timed_command, train

DOCUMENTS = 300_000     # short ones; of longer texts as many as have these bytes together
BYTES = 18_000_000
ROUNDS = 3
FASTTEXT = ["-wordNgrams", "2", "-minn", "2", "-maxn", "5", "-epoch", "50", "-lr", "0.5", "-thread", "1"]


def repeat(texts):
    size = sum(len(text.encode()) for text in texts) / len(texts)
    return [texts[i % len(texts)] for i in range(min(DOCUMENTS, int(BYTES / size)))]


def join_up_to(texts, size, count):
    """Long tickets: texts put together until each has about so many bytes."""
    documents, i = [], 0
    while len(documents) < count:
        parts, length = [], 0
        while length < size:
            parts.append(texts[i % len(texts)])
            length += len(parts[-1].encode()) + 1
            i += 1
        documents.append(" ".join(parts))
    return documents


class FastText:
    """The peer: a model file, and one text file for each set of documents."""

    def __init__(self, folder, train_pairs, test_pairs):
        self.folder = folder
        train_file = self.write("train", [f"__label__{label} {one_line(text)}" for text, label in train_pairs])
        test_file = self.write("test", [f"__label__{label} {one_line(text)}" for text, label in test_pairs])
        self.model = folder / "model.bin"
        self.train_cpu, _, _ = timed_command(
            ["fasttext", "supervised", "-input", train_file, "-output", folder / "model", "-verbose", "0", *FASTTEXT])
        _, _, report = timed_command(["fasttext", "test", self.model, test_file])
        self.accuracy = float(next(line.split()[1] for line in report.splitlines() if line.startswith("P@1")))
        self.one = self.write("one", ["one line"])

    def write(self, name, lines):
        path = self.folder / f"{name}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def predict(self, path):
        cpu, wall, _ = timed_command(["fasttext", "predict-prob", self.model, path, "1"])
        return cpu, wall


def one_line(text):
    """A line as fastText wants it; small letters, because it does not fold case itself."""
    return " ".join(text.lower().split())


def compare(session, pid, fasttext, name, documents, rounds):
    """Runs both over the documents, in turns; returns the medians."""
    load_pairs(session, name, [(document, "") for document in documents])
    path = fasttext and fasttext.write(name, map(one_line, documents))
    measured = {"scan": [], "classify": [], "fasttext": [], "fasttext, one line": []}
    session.run(f"SELECT count(text) FROM {name}")
    for _ in range(rounds):
        measured["scan"].append(timed(session, pid, f"SELECT count(text) FROM {name}"))
        measured["classify"].append(timed(session, pid, f"SELECT count((triage.classify('intents', text)).label) FROM {name}"))
        if fasttext:
            measured["fasttext"].append(fasttext.predict(path))
            measured["fasttext, one line"].append(fasttext.predict(fasttext.one))
    cpu = {what: median(run[0] for run in runs) for what, runs in measured.items() if runs}
    wall = {what: median(run[1] for run in runs) for what, runs in measured.items() if runs}
    count = len(documents)
    figures = {
        "documents": count,
        "bytes": sum(len(document.encode()) for document in documents) / count,
        "classify": count / cpu["classify"],
        "classify_wall": count / wall["classify"],
        "classify_without_scan": count / (cpu["classify"] - cpu["scan"]),
    }
    if fasttext:
        figures["fasttext"] = count / (cpu["fasttext"] - cpu["fasttext, one line"])
        figures["fasttext_wall"] = count / (wall["fasttext"] - wall["fasttext, one line"])
        figures["ratio"] = figures["classify"] / figures["fasttext"]
        figures["ratio_wall"] = figures["classify_wall"] / figures["fasttext_wall"]
    return figures


def main():
    goals = Goals()
    folder = Path(TMP) / "fasttext"
    folder.mkdir(exist_ok=True)
    with Session() as session:
        data, train_pairs, test_pairs = intents_or_demo()
        load_pairs(session, "train", train_pairs)
        load_pairs(session, "test", test_pairs)
        train(session, "intents", "train")
        accuracy = float(session.value("SELECT accuracy FROM triage.evaluate('intents', 'SELECT text, label FROM test')"))
        fasttext = None
        if shutil.which("fasttext"):
            fasttext = FastText(folder, train_pairs, test_pairs)
            table(f"accuracy on {data}", ("classifier", "accuracy"),
                  [("triage.classify", accuracy), ("fastText", fasttext.accuracy)])
        else:
            print("fasttext is not installed: nothing to compare with")

        texts = [text for text, _ in train_pairs + test_pairs]
        pid = session.pid()
        sets = {
            "as_they_are": compare(session, pid, fasttext, "as_they_are", repeat(texts), ROUNDS),
            "of_300_bytes": compare(session, pid, fasttext, "of_300_bytes", join_up_to(texts, 300, 30_000), ROUNDS),
            "of_2_kb": compare(session, pid, fasttext, "of_2_kb", join_up_to(texts, 2000, 5_000), ROUNDS),
        }
    shutil.rmtree(folder)

    columns = ("classify", "classify_wall", "classify_without_scan", "fasttext", "fasttext_wall", "ratio", "ratio_wall")
    table(f"documents a second on one core ({data}), by CPU time unless said",
          ("texts", "documents", "bytes each", "classify", "by wall", "without scan", "fastText", "by wall", "ratio",
           "by wall"),
          [(name, f["documents"], f["bytes"], *(f.get(column) for column in columns)) for name, f in sets.items()])
    if fasttext:
        goals.at_least("times as many documents as fastText", sets["as_they_are"]["ratio"], 3)
    goals.finish("classify", {"data": data, "accuracy": accuracy, "fasttext_accuracy": fasttext and fasttext.accuracy,
                              "documents_a_second": sets})


if __name__ == "__main__":
    main()
