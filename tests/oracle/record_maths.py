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
    # LeNet, and the seeds' nets on small pictures
    ((1, 20, 20), "conv5x5:6/p2,tanh,avgpool2x2,conv5x5:16,tanh,avgpool2x2,flatten,fc:30,tanh,fc:20,tanh,fc:10"),
    ((1, 9, 9), "conv3x3:8/s2/same,lrelu:0.2,maxpool2x2/s1/same,conv3x3:6/s2/same,flatten,fc:5"),
    ((1, 14, 14), "conv3x3:4,relu,maxpool2x2,drop:0.25,conv3x3:8,relu,maxpool2x2,flatten,fc:9,relu,fc:5"),
    ((3, 8, 8), "conv3x3:8/s2/same,relu6,dw3x3/s2/p1/nobias,relu6,conv1x1:6/nobias,lrelu,gap,flatten,fc:4"),
    ((3, 9, 9), "conv3x3:4/s2/p1,conv1x1:3,relu,(conv1x1:5,relu|conv3x3:4/same,relu),maxpool3x3/s2/ceil,conv1x1:4,gap,flatten"),
    ((2, 7, 7), "conv3x3:4/same,relu,+(conv3x3:6/s2/p1,relu,conv3x3:6/p1|conv1x1:6/s2),relu,flatten,fc:5"),
    # one layer between others, over shapes; fewer values before fc where there would be hundreds
    *(
        (shape, f"conv1x1:{shape[0]},{layer},{'avgpool2x2/ceil,' if shape[1] > 9 else ''}flatten,fc:4")
        for shape, layers in (
            ((2, 7, 5), "conv3x3:3/same conv3x3:3/s2/same conv3x3:2/s2/p1 conv2x3:4/nobias conv1x1:3 conv5x5:2/p4"),
            ((2, 7, 5), "dw3x3/same dw3x3/s2/same dw2x4/p1/nobias dw1x1/s3 maxpool2x2 maxpool2x2/ceil avgpool2x2/ceil"),
            ((2, 7, 5), "maxpool3x3/s2/p1 maxpool2x2/s1/same avgpool3x3/s2/p1 avgpool3x3/s2/same avgpool3x3/s2/p1/ceil"),
            ((4, 6, 6), "conv3x3:6/g2/same conv3x3:4/g4/s2/p1 conv3x3:3/s2 conv2x2:3/s3/same conv1x1:5/s2 gap lrelu:0.3"),
            ((3, 1, 1), "conv1x1:4 conv3x3:4/p1 conv3x3:2/same dw3x3/p1 maxpool1x1 avgpool3x3/p1 gap relu6 flatten"),
            ((3, 12, 11), "conv1x1:5 conv1x1:6/g3/nobias conv7x7:2/s4/p3 maxpool5x5/s3/same dw5x5/s3/p2"),
            ((20, 4, 4), "conv3x3:8/same conv1x1:9 conv3x3:5/p1/s2 dw3x3/s2/same maxpool3x3/s2/same"),
        )
        for layer in layers.split()
    ),
    # statistics of the batch, and the running ones that it leaves
    (24, "fc:12,bn,relu,fc:9,bn/e=0.01/m=0.3,tanh,fc:5"),
    (24, "bn,fc:6,+(bn,tanh,fc:6|),bn,fc:4"),
    ((3, 8, 8), "conv3x3:8/s2/p1/nobias,bn,relu6,dw3x3/p1/nobias,bn,relu6,conv1x1:6/nobias,bn/m=1,relu6,gap,flatten,fc:4"),
    ((2, 7, 5), "conv3x3:4/p1/nobias,bn,relu,+(conv3x3:6/s2/p1/nobias,bn,relu,conv3x3:6/p1/nobias,bn|conv1x1:6/s2/nobias,bn),relu,gap,flatten,fc:5"),
    ((2, 5, 5), "(conv1x1:3,bn|bn,tanh|),bn,gap,bn,flatten,fc:3"),
]
ROWS = 9
CLASSES = 6


def normal(random, *shape):
    return random.standard_normal(shape).astype("<f4")


def start_buffers(net, random, key):
    """Gives the running statistics values that a float has."""
    out = {}
    for name, b in net.named_buffers():
        if b.dim() > 0:
            out[key + name] = (normal(random, *b.shape) ** 2 + 0.5).astype("<f4")
            b.copy_(torch.from_numpy(out[key + name]))
    return out


def record_nets(out, meta):
    """Of nets with drop layers what they do in inference; of the others what they do in training."""
    for i, (inputs, text) in enumerate(NETS):
        random = numpy.random.RandomState(100 + i)
        shape = inputs if isinstance(inputs, tuple) else (inputs,)
        net = peer.sequential(text, *shape).train("drop" not in text)
        x = normal(random, ROWS, *shape)
        key = f"net.{i}."
        meta[f"net.{i}"] = text
        for name, p in net.named_parameters():
            fan = int(numpy.prod(p.shape[1:])) if p.dim() > 1 else p.shape[-1]
            value = (normal(random, *p.shape) / fan**0.5).astype("<f4")
            p.data = torch.from_numpy(value).double()
            out[key + name] = value
        out |= start_buffers(net, random, key)
        logits = net(torch.from_numpy(x).double())
        labels = numpy.arange(ROWS, dtype="u1") % logits.shape[1]
        F.cross_entropy(logits, torch.from_numpy(labels).long()).backward()
        out[key + "input"], out[key + "labels"] = x, labels
        out[key + "logits"] = logits.detach().numpy()
        for name, p in net.named_parameters():
            out[key + "grad." + name] = p.grad.numpy()
        if "bn" in text:
            out |= {f"{key}after.{name}": b.numpy() for name, b in net.named_buffers()}
            out[key + "inference"] = net.eval()(torch.from_numpy(x).double()).detach().numpy()


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
