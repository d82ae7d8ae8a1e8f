# SPDX-License-Identifier: ISC
"""Seconds an epoch in PyTorch, for the nets of pipeline.py: data in memory as floats, Adam, batch 128.

Denormals are flushed and the optimiser works on lists of tensors, which is PyTorch at its best; the
environment decides which kernels multiply (see tests/bench/run)."""
import argparse
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

TEMPERATURE = 5.0


def mlp(*sizes, dropout=0.0):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
            if dropout:
                layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def epoch(net, optimizer, x, y, soft):
    start = time.monotonic()
    for rows in torch.randperm(len(x)).split(128):
        logits = net(x[rows])
        loss = F.cross_entropy(logits, y[rows])
        if soft is not None:
            log_q = F.log_softmax(logits / TEMPERATURE, 1)
            loss = loss - TEMPERATURE ** 2 * (soft[rows] * log_q).sum(1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return time.monotonic() - start


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=60000)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--label", default="PyTorch")
    o = options.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(o.threads)
    torch.set_flush_denormal(True)
    x = torch.rand(o.items, 784) * (torch.rand(o.items, 784) < 0.25)
    y = torch.randint(0, 10, (o.items,))
    soft = F.softmax(torch.randn(o.items, 10), 1)
    for name, net, targets in (("train-teacher", mlp(784, 1200, 1200, 10, dropout=0.5), None),
                               ("train-student", mlp(784, 100, 100, 10), soft)):
        optimizer = torch.optim.Adam(net.parameters(), foreach=True)
        seconds = statistics.median(epoch(net, optimizer, x, y, targets) for _ in range(o.repeat))
        print(f"{name} in {o.label}, an epoch\t{seconds:.3f}\t{o.items / seconds:.0f}\t", flush=True)


if __name__ == "__main__":
    main()
