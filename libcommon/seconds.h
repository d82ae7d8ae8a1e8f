/* SPDX-License-Identifier: ISC */
/* How long something takes: for reports, never for results. */
#ifndef SECONDS_H
#define SECONDS_H

#include <time.h>

/* Seconds since some moment that stays the same while the program runs. */
static inline double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
