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
	void (*rows)(const struct layer *l, const struct layer_pass *p, size_t from, size_t to);
	size_t chunk; /* items */
};

static void run_chunk(void *job, size_t part, int worker)
{
	const struct job *j = job;
	size_t from = part * j->chunk, to = from + j->chunk;

	(void)worker;
	j->rows(j->layer, j->pass, from, to < j->pass->n ? to : j->pass->n);
}

static void run(struct job *j)
{
	size_t values = shape_values(&j->layer->in), n = j->pass->n;

	j->chunk = values < CHUNK ? CHUNK / values : 1;
	workers_run(j->pass->workers, run_chunk, j, (n + j->chunk - 1) / j->chunk);
}

void pointwise_forward(const struct layer *l, const struct layer_pass *p)
{
	struct job j = {.layer = l, .pass = p, .rows = l->kind->forward_rows};

	run(&j);
}

void pointwise_backward(const struct layer *l, const struct layer_pass *p)
{
	struct job j = {.layer = l, .pass = p, .rows = l->kind->backward_rows};

	if (p->din != NULL)
		run(&j);
}
