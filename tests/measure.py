# SPDX-License-Identifier: ISC
"""Small data sets and models with known weights, and NumPy's word on what evaluate and
soft-targets make of them. Used by tests/cli/evaluate.t and tests/cli/soft-targets.t:

    measure.py make                        writes the files into the current folder
    measure.py evaluate JSON TARGETS T     checks evaluate's figures of a.safetensors and b.safetensors
    measure.py tables JSON TABLES          checks that tables say what JSON says
    measure.py targets FILE REPORT MODEL.. checks soft targets, and their report, of these teachers
"""
import json
import math
import struct
import sys

import numpy

ITEMS, SIDE, HIDDEN, CLASSES = 300, 6, 12, 7
TYPES = {"U8": numpy.uint8, "F16": numpy.float16, "F32": numpy.float32}


def write(path, tensors, meta):
    header, at = {"__metadata__": meta}, 0
    for name, (kind, values) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for _, v in tensors.values()))


def read(path):
    """Tensors as arrays, and the metadata. BF16 becomes F32."""
    with open(path, "rb") as f:
        data = f.read()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    meta, tensors = header.pop("__metadata__"), {}
    for name, t in header.items():
        part = data[8 + n + t["data_offsets"][0]:8 + n + t["data_offsets"][1]]
        if t["dtype"] == "BF16":
            wide = numpy.frombuffer(part, "<u2").astype("<u4") << 16
            tensors[name] = wide.view("<f4").reshape(t["shape"])
        else:
            tensors[name] = numpy.frombuffer(part, TYPES[t["dtype"]]).reshape(t["shape"])
    return tensors, meta


def write_model(path, rng, inputs, classes, w=None, mean=0.25, sd=0.5):
    w = w or [rng.normal(0, 0.3, (HIDDEN, inputs)), rng.normal(0, 0.3, HIDDEN),
              rng.normal(0, 1, (classes, HIDDEN)), rng.normal(0, 0.3, classes)]
    side = math.isqrt(inputs)
    names = "0.weight 0.bias 2.weight 2.bias".split()
    write(path, {n: ("F32", v.astype(numpy.float32)) for n, v in zip(names, w)},
          {"potstill.kind": "model", "potstill.net": f"fc:{HIDDEN},relu,fc:{classes}",
           "potstill.input": f"1x{side}x{side}", "potstill.mean": str(mean), "potstill.sd": str(sd)})
    return w


def logits(path, images):
    """In double, from the model's file."""
    t, meta = read(path)
    x = (images.reshape(len(images), -1) / 255.0 - float(meta["potstill.mean"])) / float(meta["potstill.sd"])
    h = numpy.maximum(x @ t["0.weight"].T.astype(float) + t["0.bias"], 0)
    return h @ t["2.weight"].T.astype(float) + t["2.bias"]


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - numpy.log(numpy.exp(z).sum(axis=1, keepdims=True))


def kl(log_p, log_q):
    return (numpy.exp(log_p) * (log_p - log_q)).sum(axis=1)


def make():
    rng = numpy.random.default_rng(5)
    images = rng.integers(0, 256, (ITEMS, 1, SIDE, SIDE), dtype=numpy.uint8)
    a = write_model("a.safetensors", rng, SIDE * SIDE, CLASSES)
    write_model("b.safetensors", rng, SIDE * SIDE, CLASSES, w=[v + rng.normal(0, 0.05, v.shape) for v in a])
    write_model("c.safetensors", rng, SIDE * SIDE, CLASSES, mean=0, sd=1)
    z = logits("a.safetensors", images)
    best = z.argmax(axis=1)
    best[best == 6] = 5  # class 6 is declared, but no item's
    labels = numpy.where(rng.random(ITEMS) < 0.3, rng.integers(0, 6, ITEMS), best).astype(numpy.uint8)
    names = json.dumps([f"kind {c}" for c in range(CLASSES)])
    meta = {"potstill.kind": "dataset", "potstill.classes": str(CLASSES), "potstill.class-names": names}
    write("data.safetensors", {"images": ("U8", images), "labels": ("U8", labels)}, meta)
    write("unlabelled.safetensors", {"images": ("U8", images)}, {"potstill.kind": "dataset"})
    write("other.safetensors", {"images": ("U8", images[::-1]), "labels": ("U8", labels[::-1])}, meta)
    write("features.safetensors", {"features": ("F32", rng.normal(0, 1, (5, 4)).astype(numpy.float32))},
          {"potstill.kind": "dataset"})
    write_model("wide.safetensors", rng, 49, CLASSES)
    write_model("few.safetensors", rng, SIDE * SIDE, 5)
    write_model("many.safetensors", rng, SIDE * SIDE, 9)
    write_model("features-model.safetensors", rng, 4, 3)
    huge = [v * (1 if i < 2 else 1e5) for i, v in enumerate(a)]
    write_model("huge.safetensors", rng, SIDE * SIDE, CLASSES, w=huge)
    write_model("nan.safetensors", rng, SIDE * SIDE, CLASSES, w=a[:3] + [a[3] * float("nan")])
    write_model("endless.safetensors", rng, SIDE * SIDE, CLASSES, w=a[:2] + [numpy.full_like(a[2], 3e38), a[3]])


def near(what, got, want, slack=2e-6):
    if got is None or not abs(got - want) <= slack * max(1, abs(want)):
        raise SystemExit(f"{what}: {got}, but NumPy says {want}")


def check_figures(m, z, labels):
    log_p, best, rows = log_softmax(z), z.argmax(axis=1), numpy.arange(len(z))
    p, hit, onehot = numpy.exp(log_p), best == labels, numpy.eye(CLASSES)[labels]
    ranked = numpy.argsort(-z, axis=1, kind="stable")[:, :5]
    near("errors", m["errors"], (~hit).sum(), 0)
    near("items", m["items"], len(z), 0)
    near("accuracy", m["accuracy"], hit.mean())
    near("top5", m["top5"], (ranked == labels[:, None]).any(axis=1).mean())
    near("log_loss", m["log_loss"], -log_p[rows, labels].mean())
    near("brier", m["brier"], ((p - onehot) ** 2).sum(axis=1).mean())
    sure, ece = p.max(axis=1), 0
    edges = numpy.linspace(0, 1, 16)
    for low, high in zip(edges, edges[1:]):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            ece += inside.mean() * abs(hit[inside].mean() - sure[inside].mean())
    near("ece", m["ece"], ece)
    confusion = numpy.zeros((CLASSES, CLASSES), int)
    numpy.add.at(confusion, (labels, best), 1)
    if m["confusion"] != confusion.tolist():
        raise SystemExit(f"confusion: {m['confusion']}, but NumPy says {confusion.tolist()}")
    check_classes(m, confusion)
    return hit


def check_classes(m, confusion):
    for c, got in enumerate(m["per_class"]):
        hits, labelled, predicted = confusion[c, c], confusion[c].sum(), confusion[:, c].sum()
        for name, over in ("precision", predicted), ("recall", labelled), ("f1", (labelled + predicted) / 2):
            if over == 0 and got[name] is not None:
                raise SystemExit(f"{name} of class {c} is {got[name]}, but it has none")
            if over:
                near(f"{name} of class {c}", got[name], hits / over)
    for name in "precision", "recall", "f1":
        values = [c[name] for c in m["per_class"] if c[name] is not None]
        near(f"macro {name}", m["macro"][name], sum(values) / len(values))
    if m["per_class"][6]["recall"] is not None or m["per_class"][6]["name"] != "kind 6":
        raise SystemExit("class 6 has no items, so no recall, but a name")


def check_mcnemar(m, hits):
    only_a, only_b = int((~hits[0] & hits[1]).sum()), int((hits[0] & ~hits[1]).sum())
    n = only_a + only_b
    near("only_a_wrong", m["only_a_wrong"], only_a, 0)
    near("only_b_wrong", m["only_b_wrong"], only_b, 0)
    if n < 25:
        tail = 2 * sum(math.comb(n, k) for k in range(min(only_a, only_b) + 1)) / 2 ** n
        near("p", m["p"], min(1, tail))
    else:
        near("statistic", m["statistic"], (abs(only_a - only_b) - 1) ** 2 / n)
        near("p", m["p"], math.erfc(math.sqrt(m["statistic"] / 2)))


def target_log_p(path, temperature):
    t, meta = read(path)
    v = t["values"].astype(float)
    if meta["potstill.values"] == "probabilities":
        return numpy.log(v)
    return v if meta["potstill.values"] == "log-probabilities" else log_softmax(v / temperature)


def check_evaluate(path, targets, temperature):
    data, _ = read("data.safetensors")
    with open(path, encoding="utf-8") as f:
        report = json.load(f)
    hits = []
    for m, name in zip(report["models"], ("a.safetensors", "b.safetensors")):
        z = logits(name, data["images"])
        hits.append(check_figures(m, z, data["labels"]))
        near("parameters", m["parameters"], 36 * 12 + 12 + 12 * 7 + 7, 0)
        near("macs", m["macs"], 36 * 12 + 12 * 7, 0)
        log_p, log_q = target_log_p(targets, temperature), log_softmax(z / temperature)
        near("kl", m["targets"]["kl"], kl(log_p, log_q).mean(), 1e-5)
        near("kl_max", m["targets"]["kl_max"], kl(log_p, log_q).max(), 1e-5)
        near("agreed", m["targets"]["agreed"], (log_p.argmax(axis=1) == z.argmax(axis=1)).sum(), 0)
    check_mcnemar(report["mcnemar"][0], hits)


def check_tables(json_path, tables_path):
    with open(json_path, encoding="utf-8") as f:
        report = json.load(f)
    with open(tables_path, encoding="utf-8") as f:
        blocks = f.read().split("\n\n")
    tables = {}
    for block in blocks:
        lines = block.strip("\n").split("\n")
        title = lines.pop(0) if lines[0].startswith("# ") else "# models"
        rows = [line.split("\t") for line in lines]
        if len({len(r) for r in rows}) != 1:
            raise SystemExit(f"{title}: ragged table")
        tables[title] = [dict(zip(rows[0], r)) for r in rows[1:]]
    for m, row in zip(report["models"], tables["# models"]):
        for key in "errors items accuracy top5 log_loss ece brier parameters macs bytes".split():
            near(f"table: {key}", float(row[key]), m[key])
        for c, got in zip(m["per_class"], tables["# per-class\t" + m["model"]]):
            for key in "precision", "recall", "f1":
                if c[key] is None and got[key] != "-":
                    raise SystemExit(f"table: {key} is {got[key]} where it has no value")
        for k, got in enumerate(tables["# confusion\t" + m["model"]]):
            if [got[str(c)] for c in range(CLASSES)] != [str(v) for v in m["confusion"][k]]:
                raise SystemExit("table: another confusion matrix")
    near("table: p", float(tables["# mcnemar"][0]["p"]), report["mcnemar"][0]["p"], 1e-5)
    targets = next(rows for title, rows in tables.items() if title.startswith("# agreement\t"))
    near("table: kl", float(targets[0]["kl"]), report["models"][0]["targets"]["kl"], 1e-5)


def wanted_values(kind, z, temperature):
    if kind == "logits":
        return z
    if kind == "zero-mean-logits":
        return z - z.mean(axis=1, keepdims=True)
    log_p = log_softmax(z / temperature)
    return log_p if kind == "log-probabilities" else numpy.exp(log_p)


def check_cost(cost, kind, exact, stored):
    t = cost["temperature"]
    if kind in ("logits", "zero-mean-logits"):
        exact, stored = log_softmax(exact / t), log_softmax(stored / t)
    elif kind == "probabilities":
        exact, stored = numpy.log(exact), numpy.log(stored)
    p, q = numpy.exp(exact), numpy.exp(stored)
    rows = (p * (exact - stored) - p + q).sum(axis=1)
    # The values before encoding are F32, NumPy's are F64: only the size is the same.
    slack = 1e-12 + 0.05 * rows.mean()
    near(f"encoding at T={t}", cost["kl"], rows.mean(), slack)
    near(f"encoding at T={t}, largest", cost["kl_max"], rows.max(), slack + 0.2 * rows.max())


def check_targets(path, report_path, models):
    data, _ = read("data.safetensors")
    t, meta = read(path)
    with open(report_path, encoding="utf-8") as f:
        report = json.load(f)
    kind, stored = meta["potstill.values"], t["values"].astype(float)
    temperature = float(meta.get("potstill.temperature", 1))
    z = numpy.mean([logits(m, data["images"]) for m in models], axis=0)
    exact = wanted_values(kind, z, temperature)
    unit = {"F16": 2 ** -11, "BF16": 2 ** -8, "F32": 2 ** -23}[report["dtype"]]
    off = numpy.abs(stored - exact) / numpy.maximum(1, numpy.abs(exact))
    if stored.shape != exact.shape or off.max() > unit + 4e-6:
        raise SystemExit(f"values are off by {off.max()}")
    near("agreed", report["agreed"], (stored.argmax(axis=1) == data["labels"]).sum(), 0)
    for e in report["entropy"]:
        log_p = log_softmax(z / e["temperature"])
        near("entropy", e["nats"], -(numpy.exp(log_p) * log_p).sum(axis=1).mean(), 1e-5)
    if [e["temperature"] for e in report["entropy"]] != [1, 5, 20]:
        raise SystemExit("entropy is wanted at T = 1, 5, 20")
    if report["dtype"] != "F32":
        for cost in report["encoding"]:
            check_cost(cost, kind, exact, stored)
    elif any(c["kl"] != 0 for c in report["encoding"]):
        raise SystemExit("F32 costs nothing")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    elif sys.argv[1] == "evaluate":
        check_evaluate(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    elif sys.argv[1] == "tables":
        check_tables(*sys.argv[2:])
    else:
        check_targets(sys.argv[2], sys.argv[3], sys.argv[4:])
