#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
record.py FOLDER: computes with PyTorch what the tests hold potstill against, and writes it there.

tests/golden is its output, kept so that the comparison runs where PyTorch is not installed;
tests/cli/oracle.t runs it again where it is. After a change here: tests/oracle/record.py tests/golden
"""
import sys

import record_learn
import record_maths
import record_train

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: record.py FOLDER")
    for part in (record_maths, record_learn, record_train):
        part.record(sys.argv[1])
