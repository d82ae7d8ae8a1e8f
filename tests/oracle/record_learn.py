# SPDX-License-Identifier: ISC
"""Golden optimiser steps and learning rates (learn.safetensors)."""
import numpy
import torch
from torch.nn.utils import clip_grad_norm_

import peer
import tensors

STEPS = 6

OPTIMIZERS = [
    {"kind": "sgd", "lr": 0.1},
    {"kind": "sgd", "lr": 0.1, "weight_decay": 0.01},
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": 1},
    {"kind": "sgd", "lr": 0.05, "momentum": 0.8, "nesterov": 1, "weight_decay": 0.02, "clip": 1},
    {"kind": "adam", "lr": 0.01},
    {"kind": "adam", "lr": 0.01, "epsilon": 1e-7},
    {"kind": "adam", "lr": 0.01, "epsilon": 0.1},
    {"kind": "adam", "lr": 0.01, "beta1": 0.5, "beta2": 0.9},
    {"kind": "adam", "lr": 0.01, "weight_decay": 0.01},
    {"kind": "adam", "lr": 0.01, "clip": 0.5},
    {"kind": "adamw", "lr": 0.01, "weight_decay": 0.01},
    {"kind": "adamw", "lr": 0.05, "weight_decay": 0.3, "epsilon": 1e-3},
    {"kind": "adamw", "lr": 0.01, "clip": 100},
    {"kind": "adadelta", "lr": 1.0},
    {"kind": "adadelta", "lr": 0.5, "rho": 0.8, "epsilon": 1e-3},
    {"kind": "adadelta", "lr": 1.0, "rho": 0.9, "epsilon": 1e-6, "weight_decay": 0.01},
    {"kind": "adadelta", "lr": 1.0, "clip": 0.5},
    {"kind": "rmsprop", "lr": 0.01},
    {"kind": "rmsprop", "lr": 0.01, "rho": 0.9, "epsilon": 1e-3},
    {"kind": "rmsprop", "lr": 0.01, "momentum": 0.9},
    {"kind": "rmsprop", "lr": 0.005, "momentum": 0.5, "rho": 0.9, "weight_decay": 0.02},
    {"kind": "rmsprop", "lr": 0.01, "weight_decay": 0.01, "clip": 0.5},
]

SCHEDULES = [
    {"schedule": "constant", "lr": 0.1},
    {"schedule": "step", "lr": 0.1, "gamma": 0.1, "step_epochs": 3},
    {"schedule": "step", "lr": 0.3, "gamma": 0.5, "step_epochs": 1},
    {"schedule": "exp", "lr": 0.1, "gamma": 0.9},
    {"schedule": "cosine", "lr": 0.1},
    {"schedule": "cosine", "lr": 0.1, "lr_min": 0.02},
    {"schedule": "plateau", "lr": 0.1, "gamma": 0.5, "patience": 1},
    {"schedule": "plateau", "lr": 0.1, "gamma": 0.1, "patience": 0, "lr_min": 0.002},
    {"schedule": "plateau", "lr": 0.1, "gamma": 0.5, "patience": 3},
]

# With a tie, an improvement below the threshold of 1e-4, one above, and long plateaus.
LOSSES = [1.0, 0.8, 0.8, 0.79995, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.5, 0.6, 0.6, 0.4999, 0.4]


def record_optimizer(i, s, out):
    random = numpy.random.RandomState(50 + i)
    net = torch.nn.Linear(5, 3)
    for name, p in net.named_parameters():
        value = random.standard_normal(p.shape).astype("<f4")
        p.data = torch.from_numpy(value).double()
        out[f"optim.{i}.start.{name}"] = value
    optim = peer.optimizer(s, net.parameters())
    seen = {name: [] for name in ("grad.weight", "grad.bias", "weight", "bias", "norm")}
    for _ in range(STEPS):
        for name, p in net.named_parameters():
            gradient = random.standard_normal(p.shape).astype("<f4")
            p.grad = torch.from_numpy(gradient).double()
            seen["grad." + name].append(gradient)
        norm = clip_grad_norm_(net.parameters(), s["clip"]) if "clip" in s else torch.zeros(())
        optim.step()
        seen["norm"].append(norm.item())
        for name, p in net.named_parameters():
            seen[name].append(p.detach().numpy().copy())
    for name, values in seen.items():
        out[f"optim.{i}.{name}"] = numpy.array(values)


def record_schedule(i, s, out):
    optim = torch.optim.SGD([torch.zeros(1, requires_grad=True)], s["lr"])
    scheduler = peer.scheduler(s, optim, len(LOSSES))
    rates = [s["lr"]]
    optim.step()
    for loss in LOSSES:
        scheduler.step(loss) if s["schedule"] == "plateau" else scheduler.step()
        rates.append(optim.param_groups[0]["lr"])
    out[f"schedule.{i}.lr"] = numpy.array(rates)


def record(folder):
    out, meta = {"schedule.loss": numpy.array(LOSSES)}, {}
    for i, s in enumerate(OPTIMIZERS):
        record_optimizer(i, s, out)
        meta[f"optim.{i}"] = peer.settings_text(s)
    for i, s in enumerate(SCHEDULES):
        record_schedule(i, s, out)
        meta[f"schedule.{i}"] = peer.settings_text(s)
    tensors.write(folder + "/learn.safetensors", out, meta)
