#!/usr/bin/python3
"""Seconds to train a model, beside scikit-learn's LinearSVC on the same kind of features.

One core each, in turns, medians.  The goal counts all of triage.train (reading the
rows, features, held-out examples, calibration, writing the model) against the fit
of LinearSVC alone.
"""

import json
import os
import subprocess
from pathlib import Path

from bench_lib import DATA, TMP, Goals, Session, intents_or_demo, load_pairs, median, table, timed_command, train

ROUNDS = 5
PYTHON = "/usr/bin/python3"

# Run as a process of its own, so that its CPU time and threads are its own.
PEER = """
import json, sys, time
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

(texts, labels), (test_texts, test_labels) = [zip(*pairs) for pairs in json.load(open(sys.argv[1], encoding="utf-8"))]
start = time.process_time()
makers = [TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
          TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)]
features = hstack([maker.fit_transform(texts) for maker in makers]).tocsr()
made = time.process_time()
model = LinearSVC(C=1.0).fit(features, labels)
fitted = time.process_time()
found = model.predict(hstack([maker.transform(test_texts) for maker in makers]).tocsr())
print(json.dumps({"features": made - start, "fit": fitted - made,
                  "accuracy": sum(map(str.__eq__, found, test_labels)) / len(test_labels)}))
"""


def run_peer(path):
    alone = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    return json.loads(timed_command([PYTHON, "-c", PEER, str(path)], env=alone)[2])


def main():
    goals = Goals()
    has_peer = subprocess.run([PYTHON, "-c", "import sklearn"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    ours, peers = [], []
    with Session() as session:
        data, train_pairs, test_pairs = intents_or_demo()
        load_pairs(session, "train", train_pairs)
        load_pairs(session, "test", test_pairs)
        path = Path(TMP) / "pairs.json"
        path.write_text(json.dumps([train_pairs, test_pairs]), encoding="utf-8")
        for number in range(ROUNDS):
            ours.append(train(session, f"run{number}", "train"))
            if has_peer:
                peers.append(run_peer(path))
        path.unlink()
        accuracy = float(session.value("SELECT accuracy FROM triage.evaluate('run0', 'SELECT text, label FROM test')"))

    figures = {"data": data, "examples": len(train_pairs), "train_cpu_seconds": median(run["cpu_seconds"] for run in ours),
               "train_wall_seconds": median(run["seconds"] for run in ours), "accuracy": accuracy}
    rows = [("triage.train, all of it", figures["train_cpu_seconds"], accuracy)]
    if has_peer:
        peer = figures["linear_svc"] = {key: median(run[key] for run in peers) for key in peers[0]}
        rows += [("LinearSVC, fit alone", peer["fit"], peer["accuracy"]),
                 ("LinearSVC, making features", peer["features"], None)]
        # Round by round, because a shared machine changes between rounds.
        ratio = figures["ratio"] = median(our["cpu_seconds"] / its["fit"] for our, its in zip(ours, peers))
        if DATA:    # promised of bank questions
            goals.at_most("time of triage.train to that of LinearSVC's fit", ratio, 1)
    else:
        print("scikit-learn is not installed: nothing to compare with")
    table(f"training on {data}, {len(train_pairs):,} examples, one core", ("what", "CPU s", "accuracy"), rows)
    goals.finish("train", figures)


if __name__ == "__main__":
    main()
