# SPDX-License-Identifier: ISC
"""What is measured (WORKS), and who does it: potstill, PyTorch and scikit-learn."""
import collections
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass

import files
import machine

Sample = collections.namedtuple("Sample", "seconds mib rest", defaults=[0])


@dataclass
class Work:
    name: str
    title: str
    kind: str
    net: str
    dropout: float = 0
    soft: bool = False  # train on soft targets beside the labels
    epochs: int = 2  # of a process; the first is not counted
    data: str = "generated"
    batch: int = 128
    alone: bool = False  # a row for potstill with one thread too
    peers: str = "torch"
    share: float = 1  # of the items, where they are dear
    sides: tuple = (28, 28)
    classes: int = 10

    def items(self, most):
        return most if self.share == 1 else max(10, int(most * self.share))

    def steps(self, items):
        return -(-items // self.batch)

    def macs(self, folder):
        """Of an item, of the layers that have any."""
        if files.is_named(self.net):
            return [n for n in folder.macs(self.net) if n > 0]
        widths = [int(n) for n in self.net.split("-")]
        return [m * n for m, n in zip(widths, widths[1:])]

    def gflop(self, folder):
        """Of the matrix products; the first layer's input gets no gradient. None for whole processes."""
        if self.kind not in ("epoch", "write"):
            return None
        macs = self.macs(folder)
        return 2e-9 * folder.items * (3 * sum(macs) - macs[0] if self.kind == "epoch" else sum(macs))


def named(net, trained, inferred, batch, **how):
    """The rows of a net of nets/: trained on labels with one share of the items, and its soft targets written, of
    more items, in batches of as many: one way forward takes a small part of an epoch."""
    how.update(net=net, batch=batch, epochs=3, alone=True)
    return (Work(f"conv-{net}", f"{net}, batch {batch}, trained", "epoch", data=net, share=trained, **how),
            Work(f"infer-{net}", f"{net}, soft targets written", "write", data="more-" + net, share=inferred, **how))


TEACHER, STUDENT = files.TEACHER, files.STUDENT
WORKS = [
    Work("teacher", f"teacher {TEACHER}, an epoch", "epoch", TEACHER, 0.5, alone=True),
    Work("student-800", "student 784-800-800-10, an epoch", "epoch", "784-800-800-10", soft=True, epochs=3, alone=True),
    Work("student-100", f"student {STUDENT}, an epoch", "epoch", STUDENT, soft=True, epochs=6, alone=True),
    Work("student-64", "student 784-64-10, an epoch", "epoch", "784-64-10", soft=True, epochs=6, alone=True),
    Work("write", "soft targets written", "write", TEACHER, 0.5),
    Work("write-all", "soft targets, whole process", "write-all", TEACHER, 0.5),
    Work("first", "start to first step of a student", "first", STUDENT, soft=True),
    Work("evaluate", "evaluate, whole process", "evaluate", STUDENT),
    Work("labels", f"net {STUDENT} on labels, an epoch", "epoch", STUDENT, epochs=6, peers="torch sklearn"),
    Work("mnist-teacher", "teacher on real MNIST, an epoch", "epoch", TEACHER, 0.5, data="mnist"),
    Work("mnist-write", "soft targets of real MNIST written", "write", TEACHER, 0.5, data="mnist"),
    Work("mnist-student", f"student {STUDENT}, real MNIST", "epoch", STUDENT, soft=True, epochs=6, data="mnist"),
    *named("emnist-teacher", 1 / 30, 1 / 6, 256, classes=26),
    *named("keras-teacher", 1 / 120, 1 / 20, 32),
    *named("emnist-student", 1, 1, 256, classes=26),
    *named("keras-student", 1 / 5, 1, 32),
    *named("mobilenet-0.25", 1 / 240, 1 / 120, 32, sides=(3, 224, 224), classes=1000),
    *named("squeezenet1.1", 1 / 600, 1 / 200, 32, sides=(3, 224, 224), classes=1000),
]


class Potstill:
    def __init__(self, threads, label="potstill"):
        self.threads, self.label = threads, label

    def cost(self, process):
        return process.seconds

    def able(self, work):
        return work.alone or self.label == "potstill"

    def measure(self, work, folder):
        return getattr(self, work.kind.replace("-", "_"))(work, folder)

    def train(self, work, folder, epochs):
        """A whole process, and the seconds of each of its epochs."""
        folder.need("data.safetensors.zst")
        command = ["train-teacher"]
        if work.soft:
            folder.need("soft.safetensors.zst")
            command = ["train-student", "--targets", "soft.safetensors.zst", "--temperature", 5]
        command += ["-q", "--threads", self.threads, "--net", files.net_spec(work.net, work.dropout)]
        command += ["--batch", work.batch, "--epochs", epochs, "--log", "log", "-o", "model", "data.safetensors.zst"]
        log = os.path.join(folder.path, "log")
        process = files.run(command, folder.path)
        with open(log, encoding="utf-8") as f:
            seconds = [json.loads(line)["seconds"] for line in f]
        os.remove(log)
        return process, seconds

    def epoch(self, work, folder):
        process, seconds = self.train(work, folder, work.epochs)
        return Sample(statistics.median(seconds[1:]), process.mib, process.seconds - sum(seconds))

    def first(self, work, folder):
        """All of a process of one epoch but the other steps, so with the writing of the model."""
        process, (epoch,) = self.train(work, folder, 1)
        return Sample(process.seconds - epoch + epoch / work.steps(folder.items), process.mib)

    def write(self, work, folder):
        """The difference between all items and a tenth of them: reading counts, starting does not. Standard output
        is not synced, nor is what NumPy saves."""
        folder.need("part.safetensors.zst")
        whole, part = (self.soft_targets(folder, data, "-", output="written") for data in ("data", "part"))
        return Sample(max(whole.seconds - part.seconds, 1e-6) * 10 / 9, whole.mib)

    def write_all(self, _, folder):
        return self.soft_targets(folder, "data", "written")

    def soft_targets(self, folder, data, to, output=None):
        folder.need("data.safetensors.zst", "teacher.safetensors.zst")
        process = files.run(["soft-targets", "-q", "--threads", self.threads, "-o", to, data + ".safetensors.zst",
                             "teacher.safetensors.zst"], folder.path, output=output)
        return Sample(self.cost(process), process.mib)

    def evaluate(self, _, folder):
        folder.need("test.safetensors.zst", "student.safetensors.zst")
        process = files.run(["evaluate", "-q", "--threads", self.threads, "test.safetensors.zst",
                             "student.safetensors.zst"], folder.path)
        return Sample(self.cost(process), process.mib)


class PotstillCPU(Potstill):
    """By CPU time, which the log does not have: an epoch is the difference between processes, one of a single
    epoch and one of several, the more the shorter they are."""

    def cost(self, process):
        return process.cpu

    def both(self, work, folder):
        more = (work.epochs - 1) ** 2
        one, _ = self.train(work, folder, 1)
        process, _ = self.train(work, folder, 1 + more)
        return one, Sample((process.cpu - one.cpu) / more, process.mib)

    def epoch(self, work, folder):
        return self.both(work, folder)[1]

    def first(self, work, folder):
        one, epoch = self.both(work, folder)
        return Sample(one.cpu - epoch.seconds * (1 - 1 / work.steps(folder.items)), one.mib)


class Torch:
    def __init__(self, label, threads, env=None, tuned=False, cpu=False):
        self.label, self.tuned, self.cpu = label, tuned, cpu
        self.env = dict(env or {}, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads),
                        BLIS_NUM_THREADS=str(threads))

    def able(self, work):
        return "torch" in work.peers

    def measure(self, work, folder):
        folder.need("data.safetensors.zst")
        batch = 1000 if work.kind == "write" and not files.is_named(work.net) else work.batch
        command = [work.kind, "--started", "{started}", "--net", work.net, "--dropout", work.dropout]
        command += ["--batch", batch, "--epochs", max(1, work.epochs - 1), *["--tuned"] * self.tuned]
        command += ["--clock", "process_time" if self.cpu else "monotonic"]
        if work.soft:
            folder.need("soft.npy")
            command += ["--soft"]
        if work.kind in ("write", "write-all", "evaluate"):
            model = "teacher.pt" if work.net == folder.teacher else "student.pt"
            folder.need(model, "test.safetensors.zst")
            command += ["--model", model]
        process, said = files.python("peer_torch.py", *command, folder=folder.path, env=self.env)
        if work.kind in ("write-all", "evaluate"):
            return Sample(process.cpu if self.cpu else process.seconds, process.mib)
        return Sample(statistics.median(said["seconds"]), process.mib)

    def blas(self, folder):
        """The files of the library that multiplies."""
        _, said = files.python("peer_torch.py", "blas", folder=folder, env=self.env)
        return [os.path.basename(os.path.realpath(f)) for f in said["blas"]]


class Sklearn(Torch):
    def able(self, work):
        return "sklearn" in work.peers

    def measure(self, work, folder):
        folder.need("data.safetensors.zst")
        process, said = files.python("peer_sklearn.py", work.net, work.batch, work.epochs - 1, folder=folder.path,
                                     env=self.env)
        return Sample(statistics.median(said["seconds"]), process.mib)


def build_shim(path):
    """oneDNN's sgemm for PyTorch, where there are its header and a compiler."""
    compiler = os.environ.get("CC", "cc").split()
    source = os.path.join(files.HERE, "dnnl_sgemm.c")
    try:
        subprocess.run([*compiler, "-O2", "-shared", "-fPIC", "-o", path, source, "-ldnnl"], check=True,
                       stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def importable(module):
    command = [sys.executable, "-c", f"import {module}"]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def peers(threads, scratch, cpu):
    """(contenders, lines on what is missing)"""
    found, missing = [], []
    best = dict(machine.AVX512 if machine.has_avx512() else {}, OMP_PROC_BIND="true",
                MALLOC_TRIM_THRESHOLD_="1000000000", MALLOC_MMAP_THRESHOLD_="1000000000", MALLOC_TOP_PAD_="100000000")
    if importable("torch"):
        found += [Torch("PyTorch as installed", threads, cpu=cpu), Torch("PyTorch tuned", threads, best, True, cpu)]
        shim = os.path.join(scratch, "dnnl_sgemm.so")
        if build_shim(shim):
            found.append(Torch("PyTorch tuned, oneDNN", threads, dict(best, LD_PRELOAD=shim), True, cpu))
        else:
            missing.append("libdnnl-dev or a compiler is not there, so PyTorch is not measured on oneDNN's sgemm")
    else:
        missing.append("no PyTorch to compare with: python3-torch is not installed")
    if cpu:
        missing.append("scikit-learn is not measured by CPU time")
    elif importable("sklearn"):
        found += [Sklearn("scikit-learn as installed", threads), Sklearn("scikit-learn tuned", threads, best)]
    else:
        missing.append("no scikit-learn to compare with: python3-sklearn is not installed")
    return found, missing
