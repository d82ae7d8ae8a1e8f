# SPDX-License-Identifier: ISC
"""
Golden training runs of a 64-32-16-4 net, and others with its weights, on 8x8 pictures: the data set and the teacher as .npy
files, the start as a model, and what PyTorch makes of it (train.safetensors). A case is a tool
with its options; this file runs the options in PyTorch, tests/cli/oracle.t gives them to the tool.
"""
import argparse
from fnmatch import fnmatch

import numpy
import torch
from torch.nn.utils import clip_grad_norm_

import peer
import tensors

NET, CLASSES, ITEMS = "fc:32,relu,fc:16,relu,fc:4", 4, 150
MEAN, SD = 0.25, 0.5

CASES = {
    "ce-sgd": "train-teacher --optimizer sgd --lr .1",
    "ce-nesterov": "train-teacher --optimizer sgd --lr .05 --momentum .9 --nesterov --weight-decay .001"
    " --label-smoothing .1 --schedule exp --gamma .7",
    "ce-adam": "train-teacher --optimizer adam --lr .005 --epsilon 1e-7 --clip .5",
    "ce-adadelta": "train-teacher --optimizer adadelta --lr 2 --rho .9 --epsilon 1e-4",
    "ce-rmsprop": "train-teacher --optimizer rmsprop --lr .002 --rho .9 --epsilon 1e-3 --momentum .5",
    "kd-adadelta": "train-student --optimizer adadelta --lr 1 --loss kd --temperature 10 --alpha .5",
    "ce-freeze": "train-teacher --optimizer adam --lr .01 --weight-decay .01 --clip .3 --freeze 0.*,2.bias",
    "kd-adam": "train-student --optimizer adam --lr .003 --loss kd --temperature 5 --hard-weight 1 --soft-weight 1",
    "kd-sgd": "train-student --optimizer sgd --lr .05 --momentum .5 --loss kd --temperature 2 --alpha .3"
    " --no-t-squared --schedule step --step-epochs 2 --gamma .5 --label-smoothing .05",
    "mse-probabilities-adamw": "train-student --optimizer adamw --lr .01 --weight-decay .05"
    " --loss mse-probabilities --temperature 3",
    "ce-bn": "train-teacher --net fc:32,bn/m=.3,fc:16,bn,fc:4 --optimizer sgd --lr .1 --momentum .9 --weight-decay .01",
    "ce-bn-freeze": "train-teacher --net fc:32,bn,fc:16,bn,fc:4 --optimizer adam --lr .005 --clip 1 --freeze 0.bias,3.*",
    "mse-logits-adam": "train-student --optimizer adam --lr .002 --loss mse-logits --hard-weight .1 --soft-weight .5",
}
COMMON = "--epochs 3 --batch 16 --order sequential"


def parse(line):
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("--net", default=NET)
    for name in ("optimizer", "schedule", "loss", "order", "freeze"):
        p.add_argument("--" + name, default="")
    for name in ("lr", "momentum", "weight-decay", "label-smoothing", "gamma", "clip"):
        p.add_argument("--" + name, type=float, default=0)
    for name in ("rho", "epsilon"):
        p.add_argument("--" + name, type=float)
    for name in ("temperature", "alpha", "hard-weight", "soft-weight"):
        p.add_argument("--" + name, type=float)
    for name in ("epochs", "batch", "step-epochs"):
        p.add_argument("--" + name, type=int)
    for name in ("nesterov", "no-t-squared"):
        p.add_argument("--" + name, action="store_true")
    return p.parse_args(line.split())


def loss_of(o):
    hard, soft = o.hard_weight, o.soft_weight
    if o.alpha is not None:
        hard, soft = o.alpha, 1 - o.alpha
    elif hard is None:
        hard, soft = (1, 0) if o.tool == "train-teacher" else (0, 1)
    return {
        "kind": o.loss or "ce",
        "temperature": o.temperature or 1,
        "hard": hard,
        "soft": soft,
        "square": not o.no_t_squared,
        "smoothing": o.label_smoothing,
    }


def optim_of(o):
    names = ("lr", "momentum", "weight_decay", "nesterov", "rho", "epsilon")
    given = {n: getattr(o, n) for n in names if getattr(o, n) is not None}
    return {"kind": o.optimizer, **given}


def world():
    """Pictures whose brighter quarter tells the class, mostly, and a teacher that is mostly right."""
    random = numpy.random.RandomState(1)
    labels = random.randint(0, CLASSES, ITEMS).astype("u1")
    images = random.randint(0, 160, (ITEMS, 1, 8, 8)).astype("u1")
    for image, label in zip(images, labels):
        image[0, 4 * (label // 2) :, 4 * (label % 2) :][:4, :4] += 60
    teacher = random.standard_normal((ITEMS, CLASSES)).astype("<f4")
    teacher[numpy.arange(ITEMS), labels] += 3
    return images, labels, teacher


def start():
    random = numpy.random.RandomState(2)
    net = peer.sequential(NET, 64)
    return {n: (random.standard_normal(p.shape) * 0.15).astype("<f4") for n, p in net.named_parameters()}


def run(line, images, labels, teacher, weights):
    """The options of a case, in PyTorch: the weights at the end, and (loss, hard, soft) an epoch."""
    o = parse(line + " " + COMMON)
    net = peer.sequential(o.net, 64).train()
    net.load_state_dict({n: torch.from_numpy(w).double() for n, w in weights.items()}, strict=o.net == NET)
    for name, p in net.named_parameters():
        p.requires_grad_(not any(fnmatch(name, pattern) for pattern in o.freeze.split(",")))
    for m in net.modules():  # what is all frozen does as in inference
        if list(m.parameters()) and not any(p.requires_grad for p in m.parameters()):
            m.eval()
    optim = peer.optimizer(optim_of(o), net.parameters())
    scheduler = peer.scheduler({"schedule": o.schedule, "gamma": o.gamma, "step_epochs": o.step_epochs}, optim, o.epochs)
    x = (torch.from_numpy(images).double().reshape(ITEMS, 64) / 255 - MEAN) / SD
    y, v, epochs = torch.from_numpy(labels).long(), torch.from_numpy(teacher).double(), []
    for _ in range(o.epochs):
        sums = numpy.zeros(3)
        for at in range(0, ITEMS, o.batch):
            batch = slice(at, at + o.batch)
            losses = peer.losses(loss_of(o), net(x[batch]), y[batch], v[batch])
            optim.zero_grad()
            (losses[0] / len(x[batch])).backward()
            if o.clip > 0:
                clip_grad_norm_(net.parameters(), o.clip)
            optim.step()
            sums += [l.item() for l in losses]
        scheduler.step()
        epochs.append(sums / ITEMS)
    end = {n: t.numpy().astype("<f4" if t.is_floating_point() else "<i8") for n, t in net.state_dict().items()}
    return end, numpy.array(epochs)


def record(folder):
    images, labels, teacher = world()
    weights, out, meta = start(), {}, {}
    numpy.save(folder + "/images.npy", images)
    numpy.save(folder + "/labels.npy", labels)
    numpy.save(folder + "/teacher.npy", teacher)
    model = {"kind": "model", "net": NET, "input": "1x8x8", "mean": str(MEAN), "sd": str(SD)}
    tensors.write(folder + "/start.safetensors", weights, {"potstill." + k: v for k, v in model.items()})
    for name, line in CASES.items():
        end, epochs = run(line, images, labels, teacher, weights)
        moved = max(abs(end[n] - w).max() for n, w in weights.items())
        assert moved > 0.01, f"{name} hardly trains: the case shows nothing"
        meta[name] = line + " " + COMMON
        out[name + "/epochs"] = epochs
        out.update({f"{name}/{n}": w for n, w in end.items()})
    tensors.write(folder + "/train.safetensors", out, meta)
