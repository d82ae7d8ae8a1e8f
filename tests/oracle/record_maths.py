# SPDX-License-Identifier: ISC
"""Golden forward and backward passes, and losses with their gradients (maths.safetensors)."""
import itertools

import numpy
import torch
from torch.nn import functional as F

import peer
import tensors

NETS = [
    (24, "fc:7"),
    (24, "fc:12,relu,fc:5"),
    (24, "drop:0.2,fc:12,tanh,drop:0.5,fc:9,relu,fc:5"),
    (64, "fc:32,relu,fc:16,relu,fc:4"),
    (10, "tanh,fc:6,tanh,fc:3,relu"),
    (24, "fc:12,relu,+(fc:12,tanh,fc:12|),relu,+(fc:12,relu,fc:12|),tanh,fc:5"),
    (24, "fc:6,tanh,(fc:7,relu|fc:3,tanh||fc:2),fc:9,relu,fc:5"),
    (16, "(fc:4,+(|tanh,fc:4|(fc:3|fc:1))|+(+(fc:5|fc:5),relu|fc:5)|),relu,fc:6"),
]
ROWS = 9
CLASSES = 6


def normal(random, *shape):
    return random.standard_normal(shape).astype("<f4")


def record_nets(out, meta):
    for i, (inputs, text) in enumerate(NETS):
        random = numpy.random.RandomState(100 + i)
        net = peer.sequential(text, inputs).eval()
        x = normal(random, ROWS, inputs)
        key = f"net.{i}."
        meta[f"net.{i}"] = text
        for name, p in net.named_parameters():
            value = (normal(random, *p.shape) / max(1, p.shape[-1]) ** 0.5).astype("<f4")
            p.data = torch.from_numpy(value).double()
            out[key + name] = value
        logits = net(torch.from_numpy(x).double())
        labels = numpy.arange(ROWS, dtype="u1") % logits.shape[1]
        F.cross_entropy(logits, torch.from_numpy(labels).long()).backward()
        out[key + "input"], out[key + "labels"] = x, labels
        out[key + "logits"] = logits.detach().numpy()
        for name, p in net.named_parameters():
            out[key + "grad." + name] = p.grad.numpy()


def loss_settings():
    """Every kind; T, weights, T^2 and smoothing as far as they have a say in it."""
    for smoothing in (0, 0.1):
        yield {"kind": "ce", "temperature": 1, "hard": 1, "soft": 0, "square": 1, "smoothing": smoothing}
    weights = [(0, 1), (1, 1), (0.3, 0.7)]
    for kind, (hard, soft), t, smoothing in itertools.product(
        ("kd", "mse-probabilities", "mse-logits"), weights, (1, 2.5, 20), (0, 0.1)
    ):
        for square in (0, 1) if kind == "kd" and t > 1 else (1,):
            yield {"kind": kind, "temperature": t, "hard": hard, "soft": soft, "square": square, "smoothing": smoothing}


def record_losses(out, meta):
    random = numpy.random.RandomState(7)
    logits, teacher = 3 * normal(random, ROWS, CLASSES), 4 * normal(random, ROWS, CLASSES)
    labels = random.randint(0, CLASSES, ROWS).astype("u1")
    out["loss.logits"], out["loss.teacher"], out["loss.labels"] = logits, teacher, labels
    for i, s in enumerate(loss_settings()):
        z = torch.from_numpy(logits).double().requires_grad_()
        sums = peer.losses(s, z, torch.from_numpy(labels).long(), torch.from_numpy(teacher).double())
        (sums[0] / ROWS).backward()
        meta[f"loss.{i}"] = peer.settings_text(s)
        out[f"loss.{i}.sums"] = numpy.array([v.item() for v in sums])
        out[f"loss.{i}.gradient"] = z.grad.numpy()


def record(folder):
    out, meta = {}, {}
    record_nets(out, meta)
    record_losses(out, meta)
    tensors.write(folder + "/maths.safetensors", out, meta)
