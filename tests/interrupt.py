#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
interrupt.py SIGNAL WHEN COMMAND...

Runs the command and sends it the signal when a line of its stderr matches WHEN. The rest of its
stderr is passed on; the exit status is the command's, 128 + n where a signal ended it, as shells
have it. Its stderr is a pipe that holds a page: a command that writes more than that after the
line cannot end before it is signalled, on however fast a machine.
"""
import fcntl
import re
import signal
import subprocess
import sys

F_SETPIPE_SZ = 1031  # fcntl has the name from Python 3.10 on


def main(name, when, *command):
    number = signal.Signals["SIG" + name]
    # A shell's background jobs ignore SIGINT, and what they start does too.
    run = subprocess.Popen(command, stderr=subprocess.PIPE, bufsize=0, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    fcntl.fcntl(run.stderr, F_SETPIPE_SZ, 4096)
    for line in iter(run.stderr.readline, b""):
        sys.stderr.write(line.decode(errors="replace"))
        if number is not None and re.search(when, line.decode(errors="replace")):
            run.send_signal(number)
            number = None
    status = run.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
