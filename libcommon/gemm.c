/* SPDX-License-Identifier: ISC */
#include "gemm.h"

#include "workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

#if __has_include(<blis/blis.h>)
#include <blis/blis.h>
#else
#include <blis.h>
#endif

/* Below this many multiply-adds a panel is not worth waking a thread for. */
#define PANEL_WORK ((size_t)1 << 20)
#define MAX_PANELS 4
/* Panels start at multiples of this: whole tiles for every micro-kernel, whole cache lines. */
#define PANEL_STEP 48

static once_flag once = ONCE_FLAG_INIT;

/*
 * BLIS 0.9 counts the AVX-512 FMA units of known model names only, so it takes virtual
 * machines for haswell and loses half the speed (flame/blis#917). Its number for
 * a sub-configuration is the enum's: names are understood from 1.0 on.
 */
static void choose_kernels(void)
{
#if defined(__x86_64__)
	char number[12];

	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
		snprintf(number, sizeof number, "%d", (int)BLIS_ARCH_SKX);
		setenv("BLIS_ARCH_TYPE", number, 0);
	}
#endif
	bli_init();
	bli_thread_set_num_threads(1);
}

const char *gemm_kernels(void)
{
	call_once(&once, choose_kernels);
	return bli_arch_string(bli_arch_query_id());
}

struct panels {
	const struct gemm *g;
	size_t count;
	int columns; /* whether the output is cut between columns, else between rows */
};

static size_t panel_start(size_t length, size_t i, size_t count)
{
	size_t at = length * i / count;

	return i == count ? length : at - at % PANEL_STEP;
}

static void run_panel(void *job, size_t part, int worker)
{
	const struct panels *p = job;
	const struct gemm *g = p->g;
	size_t length = p->columns ? g->n : g->m;
	size_t from = panel_start(length, part, p->count),
	       to = panel_start(length, part + 1, p->count);
	size_t row = p->columns ? 0 : from, column = p->columns ? from : 0;
	size_t m = p->columns ? g->m : to - from, n = p->columns ? to - from : g->n;
	float *a = (float *)g->a + (g->transpose_a ? row : row * g->lda);
	float *b = (float *)g->b + (g->transpose_b ? column * g->ldb : column);
	/* BLIS's interface lacks const; a and b are only read. */
	float one = 1, beta = g->add ? 1 : 0;
	rntm_t threads = BLIS_RNTM_INITIALIZER;

	(void)worker;
	bli_rntm_set_num_threads(
		1, &threads); /* the default is per thread, and 0.9's is the environment's */
	bli_sgemm_ex(g->transpose_a ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE,
		g->transpose_b ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE, (dim_t)m, (dim_t)n,
		(dim_t)g->k, &one, a, (inc_t)g->lda, 1, b, (inc_t)g->ldb, 1, &beta,
		g->c + row * g->ldc + column, (inc_t)g->ldc, 1, NULL, &threads);
}

/* The longer side of the output is cut: what both panels must pack is then the smaller operand.
 */
static struct panels cut(const struct gemm *g)
{
	struct panels p = {g, 1, g->n >= g->m};
	size_t length = p.columns ? g->n : g->m;
	size_t by_work = g->m * g->n / PANEL_STEP * g->k / (PANEL_WORK / PANEL_STEP);
	size_t by_length = length / PANEL_STEP;

	p.count = by_work < MAX_PANELS ? by_work : MAX_PANELS;
	if (p.count > by_length)
		p.count = by_length;
	if (p.count < 1)
		p.count = 1;
	return p;
}

void gemm_run(struct workers *w, const struct gemm *g)
{
	struct panels p = cut(g);

	call_once(&once, choose_kernels);
	workers_run(w, run_panel, &p, p.count);
}
