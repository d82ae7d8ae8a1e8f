# SPDX-License-Identifier: ISC
"""Nets in PyTorch: those of nets/ by their names, 784-100-10 as it is written. Layers in place where there may be."""
from torch import cat, nn


def mlp(widths, dropout):
    layers = []
    for i, (m, n) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(m, n))
        if i < len(widths) - 2:
            layers.append(nn.ReLU())
            if dropout:
                layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def relu():
    return nn.ReLU(inplace=True)


def emnist_student():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), relu(), nn.Dropout(0.2), nn.Linear(512, 26))


def emnist_teacher():
    return nn.Sequential(
        nn.Conv2d(1, 64, 3), relu(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Conv2d(64, 128, 3), relu(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(3200, 1024), relu(), nn.Dropout(), nn.Linear(1024, 26))


class PoolBefore(nn.MaxPool2d):
    """2x2, stride 1, padded at the begin only."""

    def forward(self, x):
        return super().forward(x)[..., :-1, :-1]


def keras(first, second):
    """Mirrored, so that convolutions can pad by themselves: what SAME adds is at the begin then, not at the end."""
    return nn.Sequential(
        nn.Conv2d(1, first, 3, 2, 1), nn.LeakyReLU(0.2, inplace=True), PoolBefore(2, 1, 1),
        nn.Conv2d(first, second, 3, 2, 1), nn.Flatten(), nn.Linear(49 * second, 10))


class Fire(nn.Module):
    def __init__(self, channels, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Sequential(nn.Conv2d(channels, squeeze, 1), relu())
        self.one = nn.Sequential(nn.Conv2d(squeeze, expand, 1), relu())
        self.three = nn.Sequential(nn.Conv2d(squeeze, expand, 3, padding=1), relu())

    def forward(self, x):
        x = self.squeeze(x)
        return cat([self.one(x), self.three(x)], 1)


def squeezenet():
    layers, channels = [nn.Conv2d(3, 64, 3, 2), relu()], 64
    for i, (squeeze, expand) in enumerate(((16, 64), (32, 128), (48, 192), (64, 256))):
        if i < 3:
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        layers += [Fire(channels, squeeze, expand), Fire(2 * expand, squeeze, expand)]
        channels = 2 * expand
    return nn.Sequential(*layers, nn.Dropout(), nn.Conv2d(512, 1000, 1), relu(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def normed(*convolution, **how):
    return nn.Conv2d(*convolution, bias=False, **how), nn.BatchNorm2d(convolution[1]), nn.ReLU6(inplace=True)


def mobilenet():
    layers, channels = [*normed(3, 8, 3, 2, 1)], 8
    for n, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)):
        layers += [*normed(channels, channels, 3, stride, 1, groups=channels), *normed(channels, n, 1)]
        channels = n
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.001), nn.Linear(256, 1000))


NETS = {
    "emnist-student": emnist_student,
    "emnist-teacher": emnist_teacher,
    "keras-student": lambda: keras(16, 32),
    "keras-teacher": lambda: keras(256, 512),
    "mobilenet-0.25": mobilenet,
    "squeezenet1.1": squeezenet,
}


def make(name, dropout=0):
    """A net for items [channels, height, width], or [values]."""
    return NETS[name]() if name in NETS else mlp([int(n) for n in name.split("-")], dropout)
