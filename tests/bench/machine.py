# SPDX-License-Identifier: ISC
"""What the machine can do: products of large square matrices, and traffic with its memory.

    machine.py sgemm LIBRARY SIZE THREADS   GFLOP/s of BLIS, OpenBLAS or oneDNN, a list of numbers
    machine.py memory MIB THREADS           GB/s of an update in place: every byte read, and written
    machine.py sgemm LIBRARY SIZE cpu       of one thread's own CPU time: for machines that are busy

Each thread is bound to a CPU, calls a library that is told to use one thread, and has matrices of
its own, so that no library's own way of threading is measured. The kernels that a library picks
are a matter of the environment, so a measurement is a process; candidates() has the environments."""
import ctypes
import json
import os
import sys
import threading
import time

LIBRARIES = {
    "BLIS": ("libblis.so.4", "libblis.so.3", "libblis.so"),
    "OpenBLAS": ("libopenblas.so.0", "libopenblas.so"),
    "oneDNN": ("libdnnl.so.2", "libdnnl.so.3", "libdnnl.so"),
}
# Debian's BLIS and OpenBLAS take virtual machines with AVX-512 for older ones.
AVX512 = {"BLIS_ARCH_TYPE": "skx", "OPENBLAS_CORETYPE": "SKYLAKEX"}
REPEAT = 5


def has_avx512():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return " avx512vl" in f.read()
    except OSError:
        return False


def candidates():
    """[(name, library, environment)] of what is worth trying."""
    found = []
    for library, names in LIBRARIES.items():
        if load(names) is None:
            continue
        found.append((library, library, {}))
        if has_avx512() and library != "oneDNN":
            found.append((library + " told of AVX-512", library, AVX512))
    return found


def load(names):
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    return None


def multiplier(library, n):
    """A function that multiplies two matrices of its own, [n][n] each."""
    import numpy

    lib = load(LIBRARIES[library])
    a, b, c = (numpy.full((n, n), 0.5, numpy.float32) for _ in range(3))
    p = [m.ctypes.data_as(ctypes.c_void_p) for m in (a, b, c)]
    if library == "oneDNN":
        call, no, size = lib.dnnl_sgemm, ctypes.c_char(b"N"), ctypes.c_int64(n)
        one, zero = ctypes.c_float(1), ctypes.c_float(0)
    else:
        call, no, size = lib.sgemm_, ctypes.c_char_p(b"N"), ctypes.byref(ctypes.c_int(n))
        one, zero = ctypes.byref(ctypes.c_float(1)), ctypes.byref(ctypes.c_float(0))
    return lambda: (call(no, no, size, size, size, one, p[0], size, p[1], size, zero, p[2], size), a, b, c)


def updater(mib):
    """A function that changes the signs of an array of its own, over and over up to 128 MiB."""
    import numpy

    a = numpy.ones(int(mib * (1 << 18)), numpy.float32)
    times = max(1, int(128 / mib))

    def update():
        for _ in range(times):
            numpy.negative(a, out=a)

    return update, 2 * a.nbytes * times


def alone(job):
    """CPU seconds of REPEAT rounds of a job in this thread."""
    job()
    seconds = []
    for _ in range(REPEAT):
        start = time.thread_time()
        job()
        seconds.append(time.thread_time() - start)
    return seconds


def together(jobs):
    """Seconds of REPEAT rounds in which every job runs once, each in a thread on a CPU of its own."""
    cpus = sorted(os.sched_getaffinity(0))
    gate = threading.Barrier(len(jobs) + 1)

    def loop(job, cpu):
        os.sched_setaffinity(0, {cpu})
        job()
        for _ in range(REPEAT):
            gate.wait()
            job()
            gate.wait()

    threads = [threading.Thread(target=loop, args=(job, cpus[i % len(cpus)])) for i, job in enumerate(jobs)]
    for t in threads:
        t.start()
    seconds = []
    for _ in range(REPEAT):
        gate.wait()
        start = time.perf_counter()
        gate.wait()
        seconds.append(time.perf_counter() - start)
    for t in threads:
        t.join()
    return seconds


def main(what, *args):
    cpu = args[-1] == "cpu"
    threads = 1 if cpu else int(args[-1])
    if what == "sgemm":
        n = int(args[1])
        work = 2e-9 * n**3
        jobs = [multiplier(args[0], n) for _ in range(threads)]
    else:
        pairs = [updater(float(args[0])) for _ in range(threads)]
        work = 1e-9 * pairs[0][1]
        jobs = [job for job, _ in pairs]
    print(json.dumps([threads * work / s for s in (alone(jobs[0]) if cpu else together(jobs))]))


if __name__ == "__main__":
    os.environ.update(OMP_NUM_THREADS="1", BLIS_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    main(*sys.argv[1:])
