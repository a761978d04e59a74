#!/usr/bin/python3
"""How well models do with the default options: right answers, honest probabilities, "I don't know".

Nothing is tuned here: each set is trained on its training file and judged once on
its test file.  Ends with status 1 when a figure is below what the project promises.
"""

import bisect
import sys

from bench_lib import DATA, Goals, Session, demo_tickets, load_pairs, read_pairs, table, train

REJECTED = (0.01, 0.02, 0.05, 0.10, 0.20)

# set: accuracy, calibration error; None where nothing is promised
PROMISED = {
    "banking77": (0.925, 0.02),
    "bitext27": (0.997, None),
    "ittickets": (0.837, None),
}
MOST_KILOBYTES = 8 * 1024


def size_kb(session, model):
    return int(session.value(f"SELECT size_bytes FROM triage.model WHERE name = '{model}' AND status = 'active'")) / 1024


def judge(session, name, train_pairs, test_pairs, goals):
    """Trains on one file and evaluates on the other."""
    load_pairs(session, f"{name}_train", train_pairs)
    load_pairs(session, f"{name}_test", test_pairs)
    trained = train(session, name, f"{name}_train")
    figures = session.record(f"SELECT * FROM triage.evaluate('{name}', 'SELECT text, label FROM {name}_test')")
    figures.update(kilobytes=size_kb(session, name), train_seconds=trained["seconds"],
                   train_cpu_seconds=trained["cpu_seconds"], train_examples=trained["examples"],
                   held_out={key: trained[key] for key in ("accuracy", "macro_f1", "log_loss", "calibration_error")})
    accuracy, calibration = PROMISED.get(name, (None, None))
    if accuracy:
        goals.at_least(f"{name}: accuracy", figures["accuracy"], accuracy)
    if calibration:
        goals.at_most(f"{name}: calibration error", figures["calibration_error"], calibration)
    goals.at_most(f"{name}: kB", figures["kilobytes"], MOST_KILOBYTES)
    return figures


def doubts(session, model, table_name):
    """For each text of a table: how little the model knows it, by three measures, and whether it said so.

    All are so that more means less known; the entropy is what the model itself decides by.
    """
    rows = session.run(f"""
        SELECT p.entropy, p.confidence, p.margin, p.in_scope
        FROM {table_name} t, LATERAL (
            SELECT -sum(confidence * ln(greatest(confidence, 1e-30))) AS entropy, max(confidence) AS confidence,
                   (array_agg(margin ORDER BY confidence DESC))[1] AS margin, bool_and(in_scope) AS in_scope
            FROM triage.classify_top('{model}', t.text, 100000)) p""")
    return {"entropy": [float(row[0]) for row in rows],
            "confidence": [-float(row[1]) for row in rows],
            "margin": [-float(row[2]) for row in rows],
            "rejected": sum(row[3] == "f" for row in rows) / len(rows)}


def auroc(known, unknown):
    """Probability that an unknown text is doubted more than a known one; ties count half."""
    known = sorted(known)
    below = sum((bisect.bisect_left(known, x) + bisect.bisect_right(known, x)) / 2 for x in unknown)
    return below / (len(known) * len(unknown))


def curve(known, unknown):
    """Share of unknown texts rejected where the given shares of known ones are."""
    known = sorted(known)
    result = {}
    for share in REJECTED:
        threshold = known[min(len(known) - 1, round(len(known) * (1 - share)))]
        result[f"{share:.0%}"] = sum(x > threshold for x in unknown) / len(unknown)
    return result


def judge_doubt(session, model, inside, outsides):
    """"I don't know": inside is a table of texts that the model was trained for, outsides name tables of others."""
    known = doubts(session, model, inside)
    figures = {"in_scope_rejected": known["rejected"], "outside": {}}
    for name, outside in outsides.items():
        unknown = doubts(session, model, outside)
        figures["outside"][name] = {
            "texts": len(unknown["entropy"]),
            "recall": unknown["rejected"],
            "auroc": {by: auroc(known[by], unknown[by]) for by in ("entropy", "confidence", "margin")},
            "recall_where_in_scope_rejected": curve(known["entropy"], unknown["entropy"]),
        }
    return figures


def judge_demo(session, goals):
    """Our own tickets are few: judged by what training itself holds out, and by nonsense."""
    tickets = demo_tickets()
    load_pairs(session, "demo", [(text, label) for text, label, _ in tickets if label != "nonsense"])
    load_pairs(session, "nonsense", [(text, label) for text, label, _ in tickets if label == "nonsense"])
    figures = train(session, "demo", "demo")
    figures["languages"] = len({language for _, _, language in tickets})
    figures["kilobytes"] = size_kb(session, "demo")
    goals.at_most("demo: kB", figures["kilobytes"], MOST_KILOBYTES)
    rejected = session.record("""
        SELECT avg((NOT (triage.classify('demo', text)).in_scope)::int)::float8 AS nonsense FROM nonsense""")
    figures["nonsense_rejected"] = rejected["nonsense"]
    return figures


def print_sets(sets):
    table("trained with default options, judged on the test file",
          ("set", "train", "test", "accuracy", "macro F1", "log loss", "calibration", "coverage", "of those right", "kB",
           "seconds", "CPU s"),
          [(name, f["train_examples"], f["examples"], f["accuracy"], f["macro_f1"], f["log_loss"],
            f["calibration_error"], f["coverage"], f["accuracy_in_scope"], f["kilobytes"], f["train_seconds"],
            f["train_cpu_seconds"]) for name, f in sets.items()])
    table("the same by training's own estimate, from examples held out",
          ("set", "accuracy", "macro F1", "log loss", "calibration"),
          [(name, *f["held_out"].values()) for name, f in sets.items()])


def print_doubt(title, figures):
    table(f"{title}; in-scope rejected: {figures['in_scope_rejected']:.1%} (training aimed at 5 %)",
          ("out of scope", "texts", "recall", "AUROC by entropy", "by confidence", "by margin",
           *(f"at {share:.0%}" for share in REJECTED)),
          [(name, f["texts"], f["recall"], *f["auroc"].values(), *f["recall_where_in_scope_rejected"].values())
           for name, f in figures["outside"].items()])
    print("  recall: at the threshold that training set; at N %: where N % of in-scope text is rejected")


def main():
    goals = Goals()
    figures = {}
    with Session() as session:
        if DATA:
            folder = DATA / "intents"
            names = sorted(path.name.split(".")[0] for path in folder.glob("*.test.tsv"))
            figures["sets"] = {
                name: judge(session, name, read_pairs(folder / f"{name}.train.tsv"),
                            read_pairs(folder / f"{name}.test.tsv"), goals)
                for name in names if name != "banking77oos"}
            print_sets(figures["sets"])
            if "banking77oos" in names:
                for part in ("train", "test", "idoos_test"):
                    load_pairs(session, f"oos_{part}", read_pairs(folder / f"banking77oos.{part}.tsv"))
                train(session, "oos", "oos_train")
                outsides = {"same bank, 27 other intents": "oos_idoos_test"}
                outsides.update((name, f"{name}_test") for name in names if name not in ("banking77", "banking77oos"))
                figures["doubt"] = judge_doubt(session, "oos", "oos_test", outsides)
                print_doubt("\"I don't know\": 50 intents of a bank", figures["doubt"])
        else:
            print("no DATA: only the demo tickets are judged")
        demo = figures["demo"] = judge_demo(session, goals)
        table(f"demo tickets, {demo['labels']} intents, {demo['languages']} languages, by training's own estimate",
              ("tickets", "accuracy", "macro F1", "log loss", "calibration", "nonsense rejected", "kB", "seconds"),
              [(demo["examples"], demo["accuracy"], demo["macro_f1"], demo["log_loss"], demo["calibration_error"],
                demo["nonsense_rejected"], demo["kilobytes"], demo["seconds"])])
    goals.finish("accuracy", figures)


if __name__ == "__main__":
    sys.exit(main())
