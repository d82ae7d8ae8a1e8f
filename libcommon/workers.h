/* SPDX-License-Identifier: ISC */
/*
 * A pool of threads, made once. The caller is worker 0.
 *
 * Work is given in parts that do not depend on the number of workers: whoever
 * is free takes the next part, so the results are the same bytes for any
 * number of threads as long as each part writes to its own place.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <stddef.h>

struct err;
struct workers; /* opaque: threads and what they wait on */

/*
 * A pool of `threads` in all, caller included; 0 takes as many as the process
 * may use (affinity mask, and quotas of its control groups). Each flushes denormals to zero,
 * and each is bound to a CPU of its own when the pool fills the affinity mask. NULL and text on
 * failure.
 */
struct workers *workers_new(int threads, struct err *e);
void workers_free(struct workers *w);
int workers_count(const struct workers *w);

/* One part of a job; `worker` in [0, count) names private scratch space. */
typedef void workers_task(void *job, size_t part, int worker);

/* Runs task(job, part, ...) for every part in [0, parts), fewer than 2^32, and returns when all
 * are done. */
void workers_run(struct workers *w, workers_task *task, void *job, size_t parts);

#endif
