# SPDX-License-Identifier: ISC
"""Seconds of each step of the pipeline, whole processes, on generated pictures.

Every command is run --repeat times (3) and the median time is printed, with what it says per
second; an epoch is the difference between runs of one and of three epochs, halved, so it is
free of start-up, reading and writing. The pictures are as many and as large as MNIST's."""
import argparse
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy


def write_idx(name, array):
    with open(name, "wb") as f:
        f.write(struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape))
        f.write(array.tobytes())


def generate(items):
    """Ten patterns with noise, three quarters of the pixels zero, as in handwriting."""
    rng = numpy.random.default_rng(1)
    patterns = rng.integers(0, 256, (10, 28, 28)) * (rng.random((10, 28, 28)) < 0.25)
    labels = rng.integers(0, 10, items).astype(numpy.uint8)
    noise = rng.integers(-40, 41, (items, 28, 28), dtype=numpy.int16)
    images = patterns[labels].astype(numpy.int16)
    images = numpy.where(images > 0, numpy.clip(images + noise, 0, 255), 0).astype(numpy.uint8)
    write_idx("images", images)
    write_idx("labels", labels)


def median(repeat, *command):
    seconds = []
    for _ in range(repeat):
        start = time.monotonic()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        seconds.append(time.monotonic() - start)
    return statistics.median(seconds)


def row(step, seconds, items, more=""):
    print(f"{step}\t{seconds:.3f}\t{items / seconds if seconds else 0:.0f}\t{more}", flush=True)


def epoch(repeat, items, step, *command):
    one = median(repeat, *command, "--epochs", "1")
    three = median(repeat, *command, "--epochs", "3")
    row(f"{step}, 1 epoch", one, items)
    row(f"{step}, an epoch", (three - one) / 2, items)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=60000)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--teacher", default="fc:1200,relu,drop:.5,fc:1200,relu,drop:.5,fc:10")
    options.add_argument("--student", default="784-100-100-10")
    o = options.parse_args()
    print(f"# {o.items} pictures of 28x28, median of {o.repeat}, {len(os.sched_getaffinity(0))} CPUs")
    print("step\tseconds\titems/s\t")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        generate(o.items)
        n = o.items
        t = median(o.repeat, "idx2tensor", "-q", "-o", "data.safetensors.zst", "images", "labels")
        size = os.path.getsize("data.safetensors.zst")
        row("idx2tensor", t, n, f"{n * 785 / size:.2f}:1")
        epoch(o.repeat, n, "train-teacher", "train-teacher", "-q", "--net", o.teacher, "-o",
              "teacher.safetensors.zst", "data.safetensors.zst")
        t = median(o.repeat, "soft-targets", "-q", "-o", "soft.safetensors.zst", "data.safetensors.zst",
                 "teacher.safetensors.zst")
        row("soft-targets", t, n, f"{os.path.getsize('soft.safetensors.zst') / n:.1f} bytes a row")
        epoch(o.repeat, n, "train-student", "train-student", "-q", "--net", o.student, "--targets",
              "soft.safetensors.zst", "-o", "student.safetensors.zst", "data.safetensors.zst")
        for model in "teacher", "student":
            t = median(o.repeat, "evaluate", "-q", "data.safetensors.zst", f"{model}.safetensors.zst")
            row(f"evaluate, {model}", t, n)
        os.chdir("/")


if __name__ == "__main__":
    sys.exit(main())
