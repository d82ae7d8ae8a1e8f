# SPDX-License-Identifier: ISC
"""
What potstill computes, written with PyTorch and in double: so the rounding in a comparison is
potstill's alone. Nothing here is shared with the C code but the names.
"""
import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class Concat(nn.ModuleList):
    """( | ): what the branches give, channel after channel."""

    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


class Sum(nn.ModuleList):
    """+( | )"""

    def forward(self, x):
        return sum(branch(x) for branch in self)


# A layer from the number behind its colon and from what comes in.
LAYERS = {
    "fc": lambda number, x: nn.Linear(x.shape[1], int(number)),
    "relu": lambda number, x: nn.ReLU(),
    "tanh": lambda number, x: nn.Tanh(),
    "drop": lambda number, x: nn.Dropout(float(number)),
}


def split(text, mark):
    """The parts of a text between marks that are in no group."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def module(text, x):
    if text.endswith(")"):
        kind = Sum if text.startswith("+") else Concat
        return kind(series(branch, x) for branch in split(text[text.index("(") + 1 : -1], "|"))
    kind, _, number = text.partition(":")
    return LAYERS[kind](number, x)


def series(text, x):
    layers = nn.Sequential()
    for item in split(text, ",") if text else ():
        layers.append(module(item, x))
        with torch.no_grad():
            x = layers[-1](x)
    return layers


def sequential(text, *shape):
    """
    The module of a net as potstill prints it, fc:7,+(fc:7,relu|),drop:0.5,fc:4, for items of
    this shape: nn.Sequential; a group is one module of it and has a Sequential a branch.
    """
    return series(text, torch.zeros(2, *shape))


def losses(s, logits, labels, teacher):
    """Sums over the rows: (total, hard, soft) of a loss with the settings s."""
    t, kind = s["temperature"], s["kind"]
    hard = F.cross_entropy(logits, labels, reduction="sum", label_smoothing=s["smoothing"])
    if kind == "ce":
        return s["hard"] * hard, hard, torch.zeros(())
    if kind == "mse-logits":
        soft = 0.5 * F.mse_loss(logits, teacher, reduction="sum")
    elif kind == "mse-probabilities":
        soft = F.mse_loss(F.softmax(logits / t, 1), F.softmax(teacher / t, 1), reduction="none").mean(1).sum()
    else:
        soft = F.kl_div(F.log_softmax(logits / t, 1), F.softmax(teacher / t, 1), reduction="sum")
    factor = t * t if kind == "kd" and s["square"] else 1
    return s["hard"] * hard + s["soft"] * factor * soft, hard, soft


def optimizer(s, parameters):
    """torch.optim's own, from the settings s."""
    decay = s.get("weight_decay", 0)
    if s["kind"] == "sgd":
        return torch.optim.SGD(
            parameters, s["lr"], s.get("momentum", 0), weight_decay=decay, nesterov=bool(s.get("nesterov", 0))
        )
    if s["kind"] == "adadelta":
        return torch.optim.Adadelta(parameters, s["lr"], s.get("rho", 0.95), s.get("epsilon", 1e-7), decay)
    if s["kind"] == "rmsprop":
        rho, epsilon = s.get("rho", 0.99), s.get("epsilon", 1e-8)
        return torch.optim.RMSprop(parameters, s["lr"], rho, epsilon, decay, s.get("momentum", 0))
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[s["kind"]]
    betas = (s.get("beta1", 0.9), s.get("beta2", 0.999))
    return kind(parameters, s["lr"], betas, s.get("epsilon", 1e-8), weight_decay=decay)


def scheduler(s, optim, epochs):
    """torch.optim.lr_scheduler's own; they are stepped once an epoch."""
    from torch.optim import lr_scheduler as all_of

    if s["schedule"] == "step":
        return all_of.StepLR(optim, int(s["step_epochs"]), s["gamma"])
    if s["schedule"] == "exp":
        return all_of.ExponentialLR(optim, s["gamma"])
    if s["schedule"] == "cosine":
        return all_of.CosineAnnealingLR(optim, epochs, s.get("lr_min", 0))
    if s["schedule"] == "plateau":
        return all_of.ReduceLROnPlateau(
            optim, factor=s["gamma"], patience=int(s["patience"]), min_lr=s.get("lr_min", 0), eps=0
        )
    return all_of.ConstantLR(optim, 1, 0)


def settings_text(s):
    """kd temperature=4 ...: what the C tests take apart."""
    return " ".join(f"{k}={v}" for k, v in s.items())
