#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
whole_nets.py start FOLDER...  makes data (x.npy, y.npy) and a start (start.safetensors) for the net of the name of the
                               folder, as its file text.net there says it to potstill
whole_nets.py check FOLDER...  holds what potstill made of them against PyTorch

The modules are written out here as PyTorch's users write them, not made of a net's text: that load_state_dict takes
potstill's tensors into them, all and no others, is half of the test. check reads logits.npy, potstill's in inference
from the start, and after.safetensors, the model after one step of sgd on all items, which takes LR times the gradient
off the start. LR is so large that little of the gradient is lost beside the weights.

Tolerances: logits 1e-4 of their size, as promised; gradients, through up to 85 layers in float, 1e-4 of the largest of
their tensor, of which 3e-5 is seen; a wrong stride, padding or statistic misses by their whole size.
"""
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F

import tensors
from peer import Concat, Sum

ITEMS, LR = 8, 2**16


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def squeezenet():
    def fire(inputs, squeeze, expand):
        one, three = nn.Conv2d(squeeze, expand, 1), nn.Conv2d(squeeze, expand, 3, padding=1)
        branches = nn.Sequential(one, nn.ReLU()), nn.Sequential(three, nn.ReLU())
        return nn.Conv2d(inputs, squeeze, 1), nn.ReLU(), Concat(branches)

    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(), *fire(64, 16, 64), *fire(128, 16, 64), pool(),
        *fire(128, 32, 128), *fire(256, 32, 128), pool(), *fire(256, 48, 192), *fire(384, 48, 192),
        *fire(384, 64, 256), *fire(512, 64, 256), nn.Dropout(), nn.Conv2d(512, 1000, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
    )  # fmt: skip


def normed(conv, after=None):
    return (conv, nn.BatchNorm2d(conv.out_channels)) + ((after,) if after is not None else ())


def mobilenet():
    layers, channels = [*normed(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.ReLU6())], 8
    for out, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *((128, 1),) * 5, (256, 2), (256, 1)):
        layers += normed(nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False), nn.ReLU6())
        layers += normed(nn.Conv2d(channels, out, 1, bias=False), nn.ReLU6())
        channels = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.001), nn.Linear(256, 1000))


def resnet20():
    def block(inputs, out, stride):
        first, second = nn.Conv2d(inputs, out, 3, stride, 1, bias=False), nn.Conv2d(out, out, 3, 1, 1, bias=False)
        path = nn.Sequential(*normed(first, nn.ReLU()), *normed(second))
        around = normed(nn.Conv2d(inputs, out, 1, stride, bias=False)) if stride > 1 else ()
        return Sum([path, nn.Sequential(*around)]), nn.ReLU()

    layers = [*normed(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.ReLU())]
    for inputs, out, stride in ((16, 16, 1), (16, 32, 2), (32, 64, 2)):
        layers += [*block(inputs, out, stride), *block(out, out, 1), *block(out, out, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


NETS = {  # the module, and pictures that are small and not square
    "lenet": (lenet, (1, 28, 28)),
    "squeezenet1.1": (squeezenet, (3, 40, 36)),
    "mobilenet-0.25": (mobilenet, (3, 48, 40)),
    "resnet20": (resnet20, (3, 32, 20)),
}


def start(folder):
    torch.manual_seed(1)
    module, shape = NETS[folder]
    random = numpy.random.RandomState(3)
    numpy.save(folder + "/x.npy", random.randint(0, 256, (ITEMS, *shape)).astype("u1"))
    numpy.save(folder + "/y.npy", (numpy.arange(ITEMS) % 10).astype("u1"))
    net = module()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):  # not 0 and 1, by which much would cancel out
            for t, low, high in ((m.weight, 0.5, 1.5), (m.bias, -0.5, 1), (m.running_mean, -0.5, 0.5), (m.running_var, 0.1, 1)):
                nn.init.uniform_(t, low, high)
    out = {n: t.numpy().astype("<f4" if t.is_floating_point() else "<i8") for n, t in net.state_dict().items()}
    with open(folder + "/text.net") as f:
        text = f.read()
    meta = {"kind": "model", "net": text, "input": "x".join(map(str, shape)), "mean": "0.5", "sd": "0.25"}
    tensors.write(folder + "/start.safetensors", out, {"potstill." + k: v for k, v in meta.items()})


def off(got, expected):
    return numpy.abs(got - expected).max() / max(numpy.abs(expected).max(), 1e-12)


def check(folder):
    begin, _ = tensors.read(folder + "/start.safetensors")
    after, _ = tensors.read(folder + "/after.safetensors")
    net = NETS[folder][0]()
    net.load_state_dict({n: torch.from_numpy(p.copy()) for n, p in after.items()})  # strict: all names, all shapes
    net.load_state_dict({n: torch.from_numpy(p.copy()) for n, p in begin.items()})
    x = (torch.from_numpy(numpy.load(folder + "/x.npy")).double() / 255 - 0.5) / 0.25
    y = torch.from_numpy(numpy.load(folder + "/y.npy")).long()
    bad = []

    def judge(what, got, expected, tolerance):
        if not off(got, expected) < tolerance:
            bad.append(f"{what} is off by {off(got, expected):.3g}")
        return off(got, expected)

    expected = net.eval()(x).flatten(1).detach().numpy()
    logits = judge("the logits of inference", numpy.load(folder + "/logits.npy"), expected, 1e-4)
    for m in net.train().modules():
        if isinstance(m, nn.Dropout):
            m.p = 0
    F.cross_entropy(net(x).flatten(1), y).backward()
    step = {n: (begin[n].astype(float) - after[n]) / LR for n in begin}
    worst = max(judge("the gradient by " + n, step[n], p.grad.numpy(), 1e-4) for n, p in net.named_parameters())
    for n, b in net.named_buffers():
        judge(n, after[n], b.numpy(), 1e-5)
    print(f"{folder}: {len(begin)} tensors; off by: logits {logits:.2g}, gradients {worst:.2g}")
    return bad


if __name__ == "__main__":
    faults = [{"start": start, "check": check}[sys.argv[1]](folder) for folder in sys.argv[2:]]
    sys.exit("\n".join(line for f in faults for line in f or ()) or None)
