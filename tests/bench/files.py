# SPDX-License-Identifier: ISC
"""Processes that are timed, and the files that the works need, made when they are first asked for."""
import collections
import contextlib
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NETS = os.path.join(HERE, "..", "..", "nets")
TEACHER = "784-1200-1200-10"
STUDENT = "784-100-100-10"
Process = collections.namedtuple("Process", "seconds cpu mib out")


def run(command, folder=".", env=None, output=None):
    """Runs a command to its end. Its largest resident memory is what the kernel says of it, which counts
    this process too until the command's begins: so this one stays small and imports no NumPy. Standard output
    goes to a file of the folder, if one is named."""
    started = time.monotonic()
    command = [str(c).replace("{started}", repr(started)) for c in command]
    with contextlib.ExitStack() as stack:
        to = stack.enter_context(open(os.path.join(folder, output), "wb")) if output else subprocess.PIPE
        p = stack.enter_context(subprocess.Popen(command, cwd=folder, env=dict(os.environ, **(env or {})),
                                                 stdin=subprocess.DEVNULL, stdout=to, text=True))
        out = "" if output else p.stdout.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if p.returncode:
        sys.exit(f"bench: exit status {p.returncode}: {' '.join(command)}")
    return Process(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out)


def python(script, *args, **how):
    """A script of this folder, which prints JSON, or nothing."""
    process = run([sys.executable, os.path.join(HERE, script), *args], **how)
    return process, json.loads(process.out) if process.out else None


def is_named(net):
    return not net[0].isdigit()


def net_spec(widths, dropout=0):
    """784-1200-10 as potstill's --net; or a name of nets/."""
    if is_named(widths):
        return os.path.join(NETS, widths + ".net")
    hidden = "".join(f"fc:{n},relu," + (f"drop:{dropout:g}," if dropout else "") for n in widths.split("-")[1:-1])
    return f"{hidden}fc:{widths.split('-')[-1]}"


class Folder:
    """The files of one data set: generated, or the IDX files of `source`; and of models for it, called teacher
    and student."""

    def __init__(self, path, items, source=None, sides=(28, 28), classes=10, teacher=TEACHER):
        self.path, self.items, self.source = path, items, source
        self.sides, self.classes, self.teacher = sides, classes, teacher
        os.mkdir(path)

    def need(self, *names):
        for name in names:
            if not os.path.exists(os.path.join(self.path, name)):
                getattr(self, "make_" + name.split(".")[0])(name)

    def tool(self, *command):
        run([command[0], "-q", *command[1:]], self.path)

    def pictures(self, name, items, kind="train"):
        if self.source:
            idx = (os.path.join(self.source, f"{kind}-{what}-ubyte.gz") for what in ("images-idx3", "labels-idx1"))
            python("data.py", "convert", name, *idx, items, folder=self.path)
        else:
            python("data.py", "generate", name, items, *self.sides, folder=self.path)
        self.tool("idx2tensor", "--classes", self.classes, "-o", f"{name}.safetensors.zst", f"{name}-images",
                  f"{name}-labels")

    def make_data(self, _):
        self.pictures("data", self.items)

    def make_part(self, _):
        """A tenth of the items."""
        self.pictures("part", self.items // 10)

    def make_test(self, _):
        self.pictures("test", min(self.items, 10000), "t10k")

    def make_model(self, name, net, dropout):
        if name.endswith(".pt"):
            python("peer_torch.py", "model", "--net", net, "--dropout", dropout, "--model", name, folder=self.path)
            return
        self.need("data.safetensors.zst")
        self.tool("train-teacher", "--net", net_spec(net, dropout), "--epochs", 1, "-o", name, "data.safetensors.zst")

    def make_teacher(self, name):
        self.make_model(name, self.teacher, 0.5)

    def make_student(self, name):
        self.make_model(name, STUDENT, 0)

    def macs(self, net):
        """Multiply-accumulates of each layer of a net of nets/, for an item."""
        self.need("data.safetensors.zst")
        rows = run(["train-teacher", "--dry-run", "--net", net_spec(net), "data.safetensors.zst"], self.path).out
        return [int(row.split("\t")[4]) for row in rows.splitlines() if row[0].isdigit()]

    def make_soft(self, name):
        if name.endswith(".npy"):
            self.need("soft.safetensors.zst")
            self.tool("tensor2npy", "--probabilities", "--temperature", 5, "-o", name, "soft.safetensors.zst")
        else:
            self.need("data.safetensors.zst", "teacher.safetensors.zst")
            self.tool("soft-targets", "-o", name, "data.safetensors.zst", "teacher.safetensors.zst")
