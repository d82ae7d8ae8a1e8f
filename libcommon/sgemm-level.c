/* SPDX-License-Identifier: ISC */
/* Which kernels multiply. */
#include "sgemm-level.h"

#include "err.h"
#include "sgemm.h"

#include <stdlib.h>
#include <string.h>
#include <threads.h>

/* Best first. */
static const struct sgemm_level *const levels[] = {
#if defined(__x86_64__)
	&sgemm_avx512,
	&sgemm_avx2,
#endif
	&sgemm_portable,
};
#define LEVELS (sizeof levels / sizeof levels[0])

#define VARIABLE "POTSTILL_KERNELS"

static const struct sgemm_level *in_use;
static once_flag once = ONCE_FLAG_INIT;

/* What is asked for, or the best: NULL where there is no such level, or not on this CPU. */
static const struct sgemm_level *find(const char *name)
{
	for (size_t i = 0; i < LEVELS; i++) {
		const struct sgemm_level *l = levels[i];

		if (l->runs() && (name == NULL || strcmp(l->name, name) == 0))
			return l;
	}
	return NULL;
}

static void choose(void)
{
	in_use = find(getenv(VARIABLE));
	if (in_use == NULL)
		in_use = find(NULL);
}

const struct sgemm_level *sgemm_level(void)
{
	call_once(&once, choose);
	return in_use;
}

int sgemm_use(const char *name)
{
	const struct sgemm_level *l = find(name);

	call_once(&once, choose);
	if (l == NULL)
		return -1;
	in_use = l;
	return 0;
}

int sgemm_check(struct err *e)
{
	const char *name = getenv(VARIABLE);

	if (name == NULL || find(name) != NULL)
		return 0;
	return err_set(e, VARIABLE "=%s: this CPU's are%s portable", name,
		find("avx512") != NULL ? " avx512, avx2 and"
		: find("avx2") != NULL ? " avx2 and"
				       : "");
}

const char *sgemm_arithmetic(void)
{
	return sgemm_level()->fused ? "fused" : "rounded";
}

const char *sgemm_kernels(void)
{
	return sgemm_level()->name;
}
