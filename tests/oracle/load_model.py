#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
load_model.py MODEL DATA LOGITS: whether a model of potstill, read from plain safetensors into
torch.nn.Sequential by load_state_dict, gives the logits that potstill has written as .npy.
In float, as anyone would use it; 1e-5 is the promise, of logits up to 1 or of their size.
"""
import sys

import numpy
import torch

import peer
import tensors

if __name__ == "__main__":
    params, meta = tensors.read(sys.argv[1])
    data, _ = tensors.read(sys.argv[2])
    images = data["images"]
    if not peer.sees_planes(meta["potstill.net"]):
        images = images.reshape(len(images), -1)
    net = peer.sequential(meta["potstill.net"], *images.shape[1:])
    net.load_state_dict({n: torch.from_numpy(p.copy()) for n, p in params.items()})  # strict: all names, all shapes
    net = net.float().eval()
    x = (torch.from_numpy(images.astype("<f4")) / 255 - float(meta["potstill.mean"])) / float(meta["potstill.sd"])
    with torch.no_grad():
        expected = net(x).numpy()
    got = numpy.load(sys.argv[3])
    if got.shape != expected.shape:
        sys.exit(f"logits have the shape {got.shape}, not {expected.shape}")
    if numpy.abs(expected).max() < 1:
        sys.exit("all logits are near 0: the comparison shows nothing")
    off = (numpy.abs(got - expected) / numpy.maximum(1, numpy.abs(expected))).max()
    print(f"{len(got)} rows, largest logit {numpy.abs(expected).max():.3g}, off by {off:.3g}")
    sys.exit(None if off < 1e-5 else "that is over 1e-5")
