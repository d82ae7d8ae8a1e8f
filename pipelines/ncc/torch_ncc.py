#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The recipe of the NCC-AI notebook in PyTorch, as the independent reference of pipelines/ncc.

usage: torch_ncc.py DATA SEED >> torch.tsv

DATA is the folder with MNIST's four IDX files (.gz). Prints one line:
seed, errors of the teacher, of the student alone, of the distilled student.
Keras's defaults: Glorot uniform, zero biases, Adam 1e-3 with epsilon 1e-7."""
import gzip
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

EPOCHS, BATCH, TEMPERATURE = int(os.environ.get("EPOCHS", 30)), 128, 5.0


def idx(folder, name):
    with gzip.open(os.path.join(folder, name)) as f:
        b = f.read()
    dims = [int.from_bytes(b[4 + 4 * i:8 + 4 * i], "big") for i in range(b[3])]
    return np.frombuffer(b, np.uint8, offset=4 + 4 * b[3]).reshape(dims)


def data(folder, part):
    x = idx(folder, part + "-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255
    y = idx(folder, part + "-labels-idx1-ubyte.gz").astype(np.int64)
    return torch.from_numpy(x), torch.from_numpy(y)


def mlp(*sizes, dropout=0.0):
    layers = []
    for i in range(len(sizes) - 1):
        layer = nn.Linear(sizes[i], sizes[i + 1])
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers.append(layer)
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
            if dropout:
                layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def train(net, x, y, soft=None):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, eps=1e-7, foreach=True)
    net.train()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            logits = net(x[rows])
            loss = F.cross_entropy(logits, y[rows])
            if soft is not None:
                log_q = F.log_softmax(logits / TEMPERATURE, 1)
                loss = loss - TEMPERATURE ** 2 * (soft[rows] * log_q).sum(1).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    net.eval()
    return net


@torch.no_grad()
def logits_of(net, x):
    return torch.cat([net(part) for part in x.split(1000)])


def errors(net, x, y):
    return int((logits_of(net, x).argmax(1) != y).sum())


def main():
    folder, seed = sys.argv[1], int(sys.argv[2])
    torch.manual_seed(seed)
    torch.set_flush_denormal(True)
    x, y = data(folder, "train")
    test = data(folder, "t10k")
    teacher = train(mlp(784, 1200, 1200, 10, dropout=0.5), x, y)
    soft = F.softmax(logits_of(teacher, x) / TEMPERATURE, 1)
    alone = train(mlp(784, 100, 100, 10), x, y)
    distilled = train(mlp(784, 100, 100, 10), x, y, soft)
    print(seed, *(errors(net, *test) for net in (teacher, alone, distilled)), sep="\t", flush=True)


main()
