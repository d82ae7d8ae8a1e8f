/* SPDX-License-Identifier: ISC */
#include "pointwise.h"

#include "workers.h"

/* Values in a chunk: enough to be worth a thread's while, few enough to stay in cache. */
#define CHUNK 32768

int pointwise_setup(struct layer *l, struct err *e)
{
	(void)e;
	l->out = l->in;
	return 0;
}

struct job {
	const struct layer *layer;
	const struct layer_pass *pass;
	pointwise_rows *rows;
	size_t chunk; /* items */
};

static void run_chunk(void *job, size_t part, int worker)
{
	const struct job *j = job;
	size_t from = part * j->chunk, to = from + j->chunk;

	(void)worker;
	j->rows(j->layer, j->pass, from, to < j->pass->n ? to : j->pass->n);
}

void pointwise_run(const struct layer *l, const struct layer_pass *p, pointwise_rows *rows)
{
	size_t values = shape_values(&l->in);
	struct job job = {l, p, rows, values < CHUNK ? CHUNK / values : 1};

	workers_run(p->workers, run_chunk, &job, (p->n + job.chunk - 1) / job.chunk);
}
