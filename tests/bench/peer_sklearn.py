# SPDX-License-Identifier: ISC
"""Seconds of epochs of scikit-learn's MLPClassifier: peer_sklearn.py WIDTHS BATCH EPOCHS, as JSON.

A first epoch, which sets things up, is not counted."""
import json
import sys
import time

import numpy
from sklearn.neural_network import MLPClassifier


def main(widths, batch, epochs):
    x = numpy.fromfile("data-images", numpy.uint8, offset=16).reshape(-1, 784).astype(numpy.float32) / 255
    y = numpy.fromfile("data-labels", numpy.uint8, offset=8)
    hidden = [int(n) for n in widths.split("-")[1:-1]]
    net = MLPClassifier(hidden, batch_size=int(batch), alpha=0, random_state=1)
    seconds = []
    for _ in range(int(epochs) + 1):
        start = time.perf_counter()
        net.partial_fit(x, y, classes=range(10))
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds[1:]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
