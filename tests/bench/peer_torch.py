# SPDX-License-Identifier: ISC
"""The works of the benchmark in PyTorch: peer_torch.py WORK [options], in the folder of the files.

    epoch      trains; the seconds of the last epochs, from inside, data in memory as floats
    first      ends after the first training step
    write      soft targets of data in memory in batches of 1000, to a .npy file, from inside
    write-all  the same from files, as a whole process
    evaluate   errors of a model file on a test set's files, as a whole process
    models     writes the model files that the others load

Prints JSON. --tuned is PyTorch at its best: denormals flushed, the optimiser on lists of
tensors; the environment (which kernels, bound threads, malloc) is the caller's business."""
import argparse
import json
import os
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F

TEMPERATURE = 5.0
WARM_UP = 50  # steps


def mlp(widths, dropout):
    layers = []
    for i, (m, n) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(m, n))
        if i < len(widths) - 2:
            layers.append(nn.ReLU())
            if dropout:
                layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def load(name):
    """Pixels in [0,1] and labels."""
    x = numpy.fromfile(f"{name}-images", numpy.uint8, offset=16).reshape(-1, 784)
    y = numpy.fromfile(f"{name}-labels", numpy.uint8, offset=8)
    return torch.from_numpy(x).to(torch.float32).div_(255), torch.from_numpy(y.astype(numpy.int64))


class Trainer:
    def __init__(self, o):
        self.net, self.batch = mlp(o.net, o.dropout), o.batch
        self.x, self.y = load("data")
        self.soft = torch.from_numpy(numpy.load("soft.npy")) if o.soft else None
        self.clock = o.clock
        self.optimizer = torch.optim.Adam(self.net.parameters(), foreach=o.tuned)

    def step(self, rows):
        logits = self.net(self.x.index_select(0, rows))
        loss = F.cross_entropy(logits, self.y.index_select(0, rows))
        if self.soft is not None:
            log_q = F.log_softmax(logits / TEMPERATURE, 1)
            loss = loss - TEMPERATURE**2 * (self.soft.index_select(0, rows) * log_q).sum(1).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def epoch(self, steps=None):
        start = self.clock()
        for rows in torch.randperm(len(self.x)).split(self.batch)[:steps]:
            self.step(rows)
        return self.clock() - start


@torch.no_grad()
def write(net, x, clock):
    start = clock()
    net.eval()
    numpy.save("peer-soft.npy", torch.cat([F.softmax(net(b) / TEMPERATURE, 1) for b in x.split(1000)]).numpy())
    return clock() - start


@torch.no_grad()
def evaluate(net):
    x, y = load("test")
    net.eval()
    logits = torch.cat([net(b) for b in x.split(1000)])
    return {"errors": int((logits.argmax(1) != y).sum()), "log_loss": float(F.cross_entropy(logits, y))}


def blas():
    """The library that multiplies, as the process has it in memory."""
    with open("/proc/self/maps", encoding="utf-8") as f:
        names = {line.split()[-1] for line in f if "/" in line}
    return sorted(n for n in names if any(w in os.path.basename(n) for w in ("blas", "blis", "dnnl_sgemm", "mkl_rt")))


def run(o):
    if o.work == "models":
        for widths, dropout, name in (((784, 1200, 1200, 10), 0.5, "teacher"), ((784, 100, 100, 10), 0, "student")):
            torch.save(mlp(widths, dropout).state_dict(), f"{name}.pt")
        return {"blas": blas()}
    if o.work in ("epoch", "first"):
        trainer = Trainer(o)
        trainer.epoch(WARM_UP if o.work == "epoch" else 1)
        if o.work == "first":
            return {"seconds": [o.clock() - (o.started if o.clock is time.monotonic else 0)]}
        return {"seconds": [trainer.epoch() for _ in range(o.epochs)]}
    net = mlp(o.net, o.dropout)
    net.load_state_dict(torch.load(o.model))
    if o.work == "evaluate":
        return evaluate(net)
    x, _ = load("data")
    if o.work == "write":
        write(net, x, o.clock)
        return {"seconds": [write(net, x, o.clock) for _ in range(o.epochs)]}
    return {"seconds": [write(net, x, o.clock)]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("work")
    options.add_argument("--net", type=lambda s: [int(n) for n in s.split("-")])
    options.add_argument("--dropout", type=float, default=0)
    options.add_argument("--soft", action="store_true")
    options.add_argument("--model")
    options.add_argument("--batch", type=int, default=128)
    options.add_argument("--epochs", type=int, default=1)
    options.add_argument("--tuned", action="store_true")
    options.add_argument("--started", type=float, default=time.monotonic(), help="when the process began")
    options.add_argument("--clock", choices=("monotonic", "process_time"), default="monotonic")
    o = options.parse_args()
    o.clock = getattr(time, o.clock)
    torch.manual_seed(1)
    if o.tuned:
        torch.set_flush_denormal(True)
    print(json.dumps(run(o)))


if __name__ == "__main__":
    sys.exit(main())
