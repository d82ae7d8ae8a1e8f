# SPDX-License-Identifier: ISC
"""The works of the benchmark in PyTorch: peer_torch.py WORK [options], in the folder of the files.

    epoch      trains; the seconds of the last epochs, from inside, data in memory as floats
    first      ends after the first training step
    write      soft targets of data in memory in batches of 1000, to a .npy file, from inside
    write-all  the same from files, as a whole process
    evaluate   errors of a model file on a test set's files, as a whole process
    model      writes the model file that the others load
    blas       which library multiplies

Prints JSON. --tuned is PyTorch at its best: denormals flushed, the optimiser on lists of
tensors, pictures with their channels last; the environment (which kernels, bound threads,
malloc) is the caller's business."""
import argparse
import json
import os
import struct
import sys
import time

import numpy
import torch
from torch.nn import functional as F

import peer_nets

TEMPERATURE = 5.0
WARM_UP = 50  # steps


def load(name, net):
    """Pixels in [0,1], items x channels x height x width or, for widths, items x values; and labels."""
    with open(f"{name}-images", "rb") as f:
        data = bytearray(f.read())
    items, *sides = struct.unpack_from(f">{data[3]}I", data, 4)
    x = numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3])
    x = x.reshape(items, -1, *sides[-2:]) if net in peer_nets.NETS else x.reshape(items, -1)
    y = numpy.fromfile(f"{name}-labels", numpy.uint8, offset=8)
    return torch.from_numpy(x).to(torch.float32).div_(255), torch.from_numpy(y.astype(numpy.int64))


def ready(x, o):
    """A net or pictures as the tuned PyTorch has them."""
    pictures = o.tuned and o.net in peer_nets.NETS
    return x.to(memory_format=torch.channels_last) if pictures else x


class Trainer:
    def __init__(self, o):
        self.net, self.o = ready(peer_nets.make(o.net, o.dropout), o), o
        self.x, self.y = load("data", o.net)
        self.soft = torch.from_numpy(numpy.load("soft.npy")) if o.soft else None
        self.optimizer = torch.optim.Adam(self.net.parameters(), foreach=o.tuned)

    def step(self, rows):
        logits = self.net(ready(self.x.index_select(0, rows), self.o))
        loss = F.cross_entropy(logits, self.y.index_select(0, rows))
        if self.soft is not None:
            log_q = F.log_softmax(logits / TEMPERATURE, 1)
            loss = loss - TEMPERATURE**2 * (self.soft.index_select(0, rows) * log_q).sum(1).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def epoch(self, steps=None):
        start = self.o.clock()
        for rows in torch.randperm(len(self.x)).split(self.o.batch)[:steps]:
            self.step(rows)
        return self.o.clock() - start


@torch.no_grad()
def write(net, x, o):
    start = o.clock()
    net.eval()
    soft = [F.softmax(net(ready(b, o)) / TEMPERATURE, 1) for b in x.split(o.batch)]
    numpy.save("peer-soft.npy", torch.cat(soft).numpy())
    return o.clock() - start


@torch.no_grad()
def evaluate(net, o):
    x, y = load("test", o.net)
    net.eval()
    logits = torch.cat([net(b) for b in x.split(1000)])
    return {"errors": int((logits.argmax(1) != y).sum()), "log_loss": float(F.cross_entropy(logits, y))}


def blas():
    """The library that multiplies, as the process has it in memory."""
    with open("/proc/self/maps", encoding="utf-8") as f:
        names = {line.split()[-1] for line in f if "/" in line}
    return sorted(n for n in names if any(w in os.path.basename(n) for w in ("blas", "blis", "dnnl_sgemm", "mkl_rt")))


def run(o):
    if o.work == "blas":
        return {"blas": blas()}
    if o.work == "model":
        return torch.save(peer_nets.make(o.net, o.dropout).state_dict(), o.model)
    if o.work in ("epoch", "first"):
        trainer = Trainer(o)
        trainer.epoch(WARM_UP if o.work == "epoch" else 1)
        if o.work == "first":
            return {"seconds": [o.clock() - (o.started if o.clock is time.monotonic else 0)]}
        return {"seconds": [trainer.epoch() for _ in range(o.epochs)]}
    net = peer_nets.make(o.net, o.dropout)
    net.load_state_dict(torch.load(o.model))
    net = ready(net, o)
    if o.work == "evaluate":
        return evaluate(net, o)
    x, _ = load("data", o.net)
    if o.work == "write":
        write(net, x, o)
        return {"seconds": [write(net, x, o) for _ in range(o.epochs)]}
    return {"seconds": [write(net, x, o)]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("work")
    options.add_argument("--net", help="784-100-10, or a name of nets/")
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
