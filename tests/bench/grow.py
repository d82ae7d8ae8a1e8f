# SPDX-License-Identifier: ISC
"""How the cost of an epoch grows: with items, width, batch and threads, everything else held.

One table. The power is that of the cost over the row above: 1 is proportional, 0 no change; of an epoch
over items, widths and threads, but for batches of an epoch of as many items. Epochs after a process's first are
counted. README.md beside this file explains the last table."""
import argparse
import math
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import replace

import bench
import files
import works

COLUMNS = (("what grows", -30), ("to", 8), ("items", 8), ("seconds", 8), ("power", 6), ("items/s", 8), ("GFLOP/s", 7),
           ("of SGEMM", 8), ("rest, s", 8), ("MiB", 6))
BASE = works.Work("", "", "epoch", works.STUDENT, epochs=3)
TEACHER = replace(BASE, net=works.TEACHER, dropout=0.5)


def powers(first, last):
    while first <= last:
        yield first
        first *= 2


def cases(threads, quick):
    """(what grows, value, items, threads, work) of each row."""
    few, many = (128, 256) if quick else (8192, 61440)
    for n in (few, many) if quick else (10000, 30000, 100000, 300000, 1000000):
        yield f"items, {works.STUDENT}", n, n, threads, BASE
    for n in powers(256, 512 if quick else 8192):
        yield "width, 784-W-W-10", n, few // 4, threads, replace(BASE, net=f"784-{n}-{n}-10")
    for work, items in ((TEACHER, few), (BASE, many)):
        for n in powers(16, 32 if quick else 4096):
            yield f"batch, {work.net}", n, items, threads, replace(work, batch=n)
    for work, items in ((TEACHER, few), (BASE, many), (replace(BASE, net="784-64-10"), many)):
        for n in powers(1, threads):
            yield f"threads, {work.net}", n, items, n, work


def row(case, before, folder, repeat, peak):
    """Prints a row; before is (what, value, seconds) of the row above, and what is returned of this one."""
    what, value, items, threads, work = case
    samples = [works.Potstill(threads).measure(work, folder) for _ in range(repeat)]
    seconds = statistics.median(s.seconds for s in samples)
    rate = work.gflop(folder) / seconds
    power = ""
    if before and before[0] == what:
        power = f"{math.log(seconds / before[2]) / math.log(value / before[1]):.2f}"
    bench.line([what, str(value), str(items), f"{seconds:.3f}", power, f"{items / seconds:.0f}", f"{rate:.0f}",
                f"{100 * rate / peak:.0f} %" if peak else "", f"{statistics.median(s.rest for s in samples):.2f}",
                f"{max(s.mib for s in samples):.0f}"], COLUMNS)
    return what, value, seconds


def table(o, scratch):
    best = bench.describe(o)
    peaks = {n: bench.sgemm(best, o.size, n) if best else 0 for n in powers(1, o.threads)}
    peaks.setdefault(o.threads, bench.sgemm(best, o.size, o.threads) if best else 0)
    print(f"# median of {o.repeat}; SGEMM: {best[0] if best else 'none'}\n")
    bench.head(COLUMNS)
    folder, before = None, None
    for case in cases(o.threads, o.quick):
        if o.only and case[0].split(",")[0] not in o.only:
            continue
        if not folder or folder.items != case[2]:
            if folder:
                shutil.rmtree(folder.path)
            folder = files.Folder(os.path.join(scratch, str(case[2])), case[2])
        before = row(case, before, folder, o.repeat, peaks[case[3]])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options.add_argument("--only", action="append", choices=("items", "width", "batch", "threads"))
    options.add_argument("--quick", action="store_true", help="few items, once: for tests of this program itself")
    o = options.parse_args()
    o.size, o.cpu_time = 128 if o.quick else 2048, False
    o.repeat = 1 if o.quick else o.repeat
    with tempfile.TemporaryDirectory(prefix="potstill-grow.") as scratch:
        table(o, scratch)


if __name__ == "__main__":
    sys.exit(main())
