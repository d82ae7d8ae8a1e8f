# SPDX-License-Identifier: ISC
"""
What potstill computes, written with PyTorch and in double: so the rounding in a comparison is
potstill's alone. Nothing here is shared with the C code but the names.
"""
import re

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


class SamePad(nn.Module):
    """Keras's SAME around a module that does not pad: of an odd number of values more go to the end."""

    def __init__(self, inner, kernel, stride, value):
        super().__init__()
        self.inner, self.kernel, self.stride, self.value = [inner], kernel, stride, value  # a list: no name of its own
        for name, p in inner.named_parameters():
            self.register_parameter(name, p)

    def forward(self, x):
        pad = []
        for size, k, s in zip(x.shape[:-3:-1], self.kernel[::-1], self.stride[::-1]):
            total = max((-(-size // s) - 1) * s + k - size, 0)
            pad += [total // 2, total - total // 2]
        y = self.inner[0](F.pad(x, pad, value=self.value))
        if isinstance(self.inner[0], nn.AvgPool2d):  # what is padded does not count
            y = y / self.inner[0](F.pad(torch.ones_like(x), pad))
        return y


def window_module(kind, kernel, number, options, channels):
    """conv, dw and the pools, from the parts of their text."""
    pool = kind in ("maxpool", "avgpool")
    stride = (int(options["s"]),) * 2 if "s" in options else kernel if pool else (1, 1)
    pad = int(options.get("p", 0))
    bias = "nobias" not in options
    if kind == "conv":
        inner = nn.Conv2d(channels, int(number), kernel, stride, pad, groups=int(options.get("g", 1)), bias=bias)
    elif kind == "dw":
        inner = nn.Conv2d(channels, channels, kernel, stride, pad, groups=channels, bias=bias)
    else:
        module = nn.MaxPool2d if kind == "maxpool" else nn.AvgPool2d
        inner = module(kernel, stride, pad, ceil_mode="ceil" in options)
    value = float("-inf") if kind == "maxpool" else 0
    return SamePad(inner, kernel, stride, value) if "same" in options else inner


LAYER = re.compile(r"(relu6|[a-z]+)(?:(\d+)x(\d+))?(?::([0-9.e-]+))?((?:/[a-z]+=?[0-9.e-]*)*)$")


def layer(text, shape):
    """One layer as potstill prints it, for inputs of this shape without the batch."""
    kind, height, width, number, options = LAYER.match(text).groups()
    options = dict(re.match(r"([a-z]+)=?(.*)", o).groups() for o in options.split("/")[1:])
    if height is not None:
        return window_module(kind, (int(height), int(width)), number, options, shape[0])
    return {
        "fc": lambda: nn.Linear(shape[0], int(number)),
        "relu": nn.ReLU,
        "relu6": nn.ReLU6,
        "lrelu": lambda: nn.LeakyReLU(float(number or 0.1)),
        "tanh": nn.Tanh,
        "drop": lambda: nn.Dropout(float(number or 0.5)),
        "bn": lambda: (nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d)(
            shape[0], float(options.get("e", 1e-5)), float(options.get("m", 0.1))
        ),
        "gap": lambda: nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten,
    }[kind]()


def sees_planes(text):
    """Whether a net has layers that need pictures; potstill's fc takes any, nn.Linear flat ones only."""
    return re.search(r"conv|dw|pool|gap|flatten", text) is not None


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
    return layer(text, x.shape[1:])


def series(text, x):
    layers = nn.Sequential()
    for item in split(text, ",") if text else ():
        layers.append(module(item, x))
        with torch.no_grad():
            x = layers[-1].eval()(x)
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
