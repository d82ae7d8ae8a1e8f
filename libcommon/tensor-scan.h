/* SPDX-License-Identifier: ISC */
/* One pass over a whole file: every sum checked, the fingerprint, and statistics. */
#ifndef TENSOR_SCAN_H
#define TENSOR_SCAN_H

#include "tensor-file.h"
#include "tensor-stats.h"

struct tensor_scan {
	struct fingerprint fingerprint;
	struct tensor_stats *stats; /* [tensors]; NULL where they were not asked for */
};

/* 0, or -1 with the file's name in the text and nothing to release. */
int tensor_scan(
	struct tensor_scan *scan, struct tensor_reader *r, int with_stats, struct err *e);
void tensor_scan_release(struct tensor_scan *scan);

#endif
