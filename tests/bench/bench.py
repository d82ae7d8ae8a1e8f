# SPDX-License-Identifier: ISC
"""The machine's speed, then one table: each work by potstill and, in turns with it, by its peers.

Seconds are those of an epoch unless the row says that it is a whole process; the first epoch of a process is not
counted. README.md beside this file explains the rows. Every contender runs --repeat times, in turns."""
import argparse
import collections
import os
import statistics
import sys
import tempfile

import files
import machine
import works

COLUMNS = (("work", -40), ("by", -26), ("seconds", 8), ("min", 8), ("max", 8), ("GFLOP/s", 7), ("of SGEMM", 8),
           ("ours is", 8), ("MiB", 6))
Done = collections.namedtuple("Done", "items gflop rates results")


def line(cells, columns=COLUMNS):
    """A row of a Markdown table; a column of negative width is aligned on the left."""
    padded = (f"{c:<{-w}}" if w < 0 else f"{c:>{w}}" for c, (_, w) in zip(cells, columns))
    print("| " + " | ".join(padded) + " |", flush=True)


def head(columns=COLUMNS):
    line([name for name, _ in columns], columns)
    line([":" + "-" * (-w - 1) if w < 0 else "-" * (w - 1) + ":" for _, w in columns], columns)


def sgemm(candidate, size, threads):
    """GFLOP/s of a library on so many threads; with "cpu" on one, by its CPU time."""
    _, library, env = candidate
    _, rates = files.python("machine.py", "sgemm", library, size, threads, env=env)
    return statistics.median(rates)


def describe(o):
    """Prints what the machine is and can do; the best library for products is returned."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((text.split(":")[1].strip() for text in f if text.startswith("model name")), "a CPU")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    print(f"# {model}, {len(os.sched_getaffinity(0))} CPUs{', AVX-512' * machine.has_avx512()}, {memory:.0f} GiB")
    load = os.getloadavg()[0]
    print(f"# load before: {load:.1f}" + (" (something else is running: look at ratios only)" if load > 0.5 else ""))
    best, fastest = None, 0
    counts = ["cpu"] if o.cpu_time else sorted({1, o.threads})
    threads = " time of one thread" if o.cpu_time else " threads"
    for candidate in machine.candidates()[:1 if o.quick else None]:
        rates = [sgemm(candidate, o.size, n) for n in counts]
        if rates[-1] > fastest:
            best, fastest = candidate, rates[-1]
        print(f"# SGEMM {o.size}x{o.size}x{o.size}, {candidate[0]}: " + ", ".join(
            f"{r:.0f} GFLOP/s on {n}" for r, n in zip(rates, counts)) + threads)
    for place, mib in (("in L2", 0.5), ("in L3", 4), ("in DRAM", 256))[:1 if o.quick or o.cpu_time else None]:
        rates = [statistics.median(files.python("machine.py", "memory", mib, n)[1]) for n in counts]
        print(f"# memory read and written, {place}: " + ", ".join(
            f"{r:.0f} GB/s on {n}" for r, n in zip(rates, counts)) + threads)
    return best


class Bench:
    def __init__(self, o, scratch):
        self.o, self.scratch, self.folders, self.done = o, scratch, {}, {}
        self.contenders = [(works.PotstillCPU if o.cpu_time else works.Potstill)(o.threads)]
        if o.threads > 1:
            self.contenders.append(works.Potstill(1, "potstill, 1 thread"))
        missing = []
        if not o.no_peers:
            found, missing = works.peers(o.threads, scratch, o.cpu_time)
            self.contenders += found
        for what in missing:
            print("# " + what)
        self.mnist = os.path.abspath(os.path.join(os.environ.get("POTSTILL_DATA", "../shared/data"), "mnist"))

    def folder(self, work):
        name = work.data
        if name not in self.folders:
            source = self.mnist if name == "mnist" else None
            teacher = work.net if files.is_named(work.net) else files.TEACHER
            self.folders[name] = files.Folder(os.path.join(self.scratch, name), work.items(self.o.items), source,
                                              work.sides, work.classes, teacher)
        return self.folders[name]

    def tell_libraries(self):
        """Which library multiplies for PyTorch."""
        for c in self.contenders[:3 if self.o.quick else None]:  # each takes PyTorch's start
            if type(c) is works.Torch:
                print(f"# {c.label}: multiplies with {' '.join(c.blas(self.scratch)) or 'its own code'}")

    def measure(self, work, best):
        """{contender: samples}, and the SGEMM rates of the same time by threads."""
        able = [c for c in self.contenders if c.able(work)]
        folder = self.folder(work)
        samples, rates = {c: [] for c in able}, {}
        for _ in range(self.o.repeat):
            for c in able:
                samples[c].append(c.measure(work, folder))
            for n in {1, self.o.threads} if best and work.gflop(folder) else ():
                rates.setdefault(n, []).append(sgemm(best, self.o.size, "cpu" if self.o.cpu_time else n))
        return samples, {n: statistics.median(r) for n, r in rates.items()}

    def put_rows(self, title, gflop, rates, results):
        """Of {contender: (median, *others)}, the others being the least, the most and MiB, or blank."""
        ours = results[self.contenders[0]][0]
        for c, (median, least, most, mib) in results.items():
            rate = gflop / median if gflop else 0
            peak = rates.get(1 if c.label.endswith("1 thread") else self.o.threads)
            share = f"{100 * rate / peak:.0f} %" if rate and peak else ""
            line([title if c is self.contenders[0] else "", c.label, f"{median:.3f}", least, most,
                  f"{rate:.0f}" if rate else "", share, f"{median / ours:.2f} x" if c is not self.contenders[0] else "",
                  mib])

    def rows(self, work, best):
        samples, rates = self.measure(work, best)
        gflop = work.gflop(self.folder(work))
        results = {}
        for c, found in samples.items():
            seconds = sorted(s.seconds for s in found)
            results[c] = (statistics.median(seconds), f"{seconds[0]:.3f}", f"{seconds[-1]:.3f}",
                          f"{max(s.mib for s in found):.0f}")
        self.put_rows(work.title, gflop, rates, results)
        self.done[work.name] = Done(self.folder(work).items, gflop, rates, results)

    def rows_of_rest(self, work):
        """What training a net takes beside the way forward of as many items, from the medians of its two rows."""
        trained, forward = (self.done.get(f"{kind}-{work.net}") for kind in ("conv", "infer"))
        if not trained or not forward:
            return
        part = trained.items / forward.items
        rest = {c: (max(trained.results[c][0] - part * forward.results[c][0], 1e-6), "", "", "")
                for c in trained.results}
        self.put_rows(f"{work.net}, back and step", trained.gflop - part * forward.gflop, forward.rates, rest)

    def run(self, chosen):
        best = describe(self.o)
        self.tell_libraries()
        products = best[0] if best else "none"
        print(f"# {self.o.items} items, median, least and most of {self.o.repeat}; SGEMM: {products}"
              + "; seconds of CPU time, one thread" * self.o.cpu_time)
        print()
        head()
        skipped = []
        for work in chosen:
            if work.data == "mnist" and not os.path.isdir(self.mnist):
                skipped.append(f"# {work.name}: skipped, no mnist in POTSTILL_DATA")
            else:
                self.rows(work, best)
                self.rows_of_rest(work)
        if skipped:
            print("\n".join(["", *skipped]))


def main():
    names = [w.name for w in works.WORKS] + ["conv", "infer"]
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=60000, help="pictures to train on [60000]")
    options.add_argument("--repeat", type=int, default=5, help="times that each contender runs [5]")
    options.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="[as many as CPUs]")
    options.add_argument("--only", action="append", choices=names, metavar="NAME",
                         help="this work only, more than once for several; conv and infer are all that begin so: "
                         + ", ".join(names))
    options.add_argument("--no-peers", action="store_true", help="potstill alone")
    options.add_argument("--cpu-time", action="store_true", help="one thread, seconds of CPU time: for busy machines")
    options.add_argument("--quick", action="store_true", help="few items, once: for tests of the benchmark itself")
    o = options.parse_args()
    o.size = 2048
    o.threads = 1 if o.cpu_time else o.threads
    if o.quick:
        o.items, o.repeat, o.size = min(o.items, 600), 1, 128
    if min(o.items, o.repeat, o.threads) < 1 or o.items < 10:
        options.error("--items is at least 10, --repeat and --threads are at least 1")
    with tempfile.TemporaryDirectory(prefix="potstill-bench.") as scratch:
        only = o.only or names
        Bench(o, scratch).run([w for w in works.WORKS if w.name in only or w.name.split("-")[0] in only])


if __name__ == "__main__":
    sys.exit(main())
