/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* sched_getaffinity, pthread_setaffinity_np */
#include "workers.h"

#include "cgroup.h"
#include "err.h"
#include "size.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Between two GEMMs a wait is a few microseconds; longer ones should give the CPU away. */
#define SPINS 4000

struct worker {
	struct workers *pool;
	int number;
	pthread_t thread;
};

/*
 * A job is known by its round. The ticket holds the round and the number of parts that nobody
 * has claimed yet in one word, so a part can only be claimed from the job that was looked at: a
 * worker that comes late finds a newer round or nothing left, and nobody waits for it. On a
 * busy machine the caller then does all the parts itself.
 */
struct workers {
	int count;
	_Atomic(workers_task *) task;
	_Atomic(void *) job;
	atomic_size_t parts;
	_Atomic uint64_t ticket; /* round << 32 | parts left to claim */
	atomic_size_t done;	 /* parts of this round that are finished */
	atomic_int sleepers;	 /* helpers waiting on the condition */
	atomic_bool waiting;	 /* the caller sleeps until the last part is done */
	atomic_bool quit;
	int bound;	  /* the caller was bound to a CPU ... */
	cpu_set_t before; /* ... and gets these back at the end */
	pthread_mutex_t lock;
	pthread_cond_t wake, finished;
	struct worker worker[];
};

static void pause_cpu(void)
{
#if defined(__SSE2__)
	_mm_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Denormals cost a hundred cycles each and carry nothing that training needs. */
static void flush_denormals(void)
{
#if defined(__SSE2__)
	_mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
	uint64_t fpcr;

	__asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
	__asm__ volatile("msr fpcr, %0" : : "r"(fpcr | (uint64_t)1 << 24));
#endif
}

static uint32_t round_of(uint64_t ticket)
{
	return (uint32_t)(ticket >> 32);
}

/* Claims a part of the round under way; 0 where none is left. */
static int claim(struct workers *w, size_t *part)
{
	uint64_t ticket = atomic_load(&w->ticket);

	do {
		if ((uint32_t)ticket == 0)
			return 0;
	} while (!atomic_compare_exchange_weak(&w->ticket, &ticket, ticket - 1));
	*part = atomic_load(&w->parts) - (uint32_t)ticket;
	return 1;
}

/* As with sleepers, the lock is taken only where the caller has given up spinning. */
static void finish_part(struct workers *w)
{
	if (atomic_fetch_add(&w->done, 1) + 1 < atomic_load(&w->parts) ||
		!atomic_load(&w->waiting))
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_signal(&w->finished);
	pthread_mutex_unlock(&w->lock);
}

static void take_parts(struct workers *w, int number)
{
	size_t part;

	while (claim(w, &part)) {
		atomic_load (&w->task)(atomic_load(&w->job), part, number);
		finish_part(w);
	}
}

static void wait_for_parts(struct workers *w, size_t parts)
{
	for (int i = 0; i < SPINS && atomic_load(&w->done) < parts; i++)
		pause_cpu();
	if (atomic_load(&w->done) == parts)
		return;
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->waiting, 1);
	while (atomic_load(&w->done) < parts)
		pthread_cond_wait(&w->finished, &w->lock);
	atomic_store(&w->waiting, 0);
	pthread_mutex_unlock(&w->lock);
}

static void sleep_until(struct workers *w, uint32_t seen)
{
	pthread_mutex_lock(&w->lock);
	atomic_fetch_add(&w->sleepers, 1);
	while (round_of(atomic_load(&w->ticket)) == seen)
		pthread_cond_wait(&w->wake, &w->lock);
	atomic_fetch_sub(&w->sleepers, 1);
	pthread_mutex_unlock(&w->lock);
}

static void *helper(void *arg)
{
	struct worker *self = arg;
	struct workers *w = self->pool;
	uint32_t seen = 0;

	flush_denormals();
	for (;;) {
		for (int i = 0; i < SPINS && round_of(atomic_load(&w->ticket)) == seen; i++)
			pause_cpu();
		if (round_of(atomic_load(&w->ticket)) == seen)
			sleep_until(w, seen);
		seen = round_of(atomic_load(&w->ticket));
		if (atomic_load(&w->quit))
			return NULL;
		take_parts(w, self->number);
	}
}

/* The lock is taken only for sleepers: one that is about to sleep looks at the round under it.
 */
static void start_round(struct workers *w, size_t parts)
{
	uint64_t next = (uint64_t)round_of(atomic_load(&w->ticket)) + 1;

	atomic_store(&w->ticket, next << 32 | parts);
	if (atomic_load(&w->sleepers) == 0)
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void workers_run(struct workers *w, workers_task *task, void *job, size_t parts)
{
	if (w->count == 1 || parts <= 1) {
		for (size_t i = 0; i < parts; i++)
			task(job, i, 0);
		return;
	}
	/* Nothing is left to claim while these change. */
	atomic_store(&w->done, 0);
	atomic_store(&w->task, task);
	atomic_store(&w->job, job);
	atomic_store(&w->parts, parts);
	start_round(w, parts);
	take_parts(w, 0);
	wait_for_parts(w, parts);
}

static int allowed_cpus(cpu_set_t *set)
{
	CPU_ZERO(set);
	if (sched_getaffinity(0, sizeof *set, set))
		return 1;
	return CPU_COUNT(set) > 0 ? CPU_COUNT(set) : 1;
}

/* More threads than CPU time would take turns at waiting for each other. */
static int default_threads(int allowed)
{
	double quota = ceil(cgroup_cpus(""));

	return quota < allowed ? (int)quota : allowed;
}

/* Only a pool that fills the machine is bound: two half-size pools must not meet on one CPU. */
static void bind_workers(struct workers *w, const cpu_set_t *set)
{
	int cpu = -1;

	w->bound = 1;
	w->before = *set;
	for (int i = 0; i < w->count; i++) {
		pthread_t thread = i == 0 ? pthread_self() : w->worker[i].thread;
		cpu_set_t one;

		do
			cpu++;
		while (!CPU_ISSET((size_t)cpu, set));
		CPU_ZERO(&one);
		CPU_SET((size_t)cpu, &one);
		pthread_setaffinity_np(thread, sizeof one, &one);
	}
}

static int start_helpers(struct workers *w, int threads)
{
	for (int i = 1; i < threads; i++) {
		w->worker[i] = (struct worker){.pool = w, .number = i};
		if (pthread_create(&w->worker[i].thread, NULL, helper, &w->worker[i]))
			return -1;
		w->count++;
	}
	return 0;
}

struct workers *workers_new(int threads, struct err *e)
{
	cpu_set_t set;
	int allowed = allowed_cpus(&set);
	struct workers *w;

	if (threads <= 0)
		threads = default_threads(allowed);
	w = size_alloc(
		1, sizeof *w + (size_t)threads * sizeof w->worker[0], "the thread pool", e);
	if (w == NULL)
		return NULL;
	w->count = 1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	pthread_cond_init(&w->finished, NULL);
	flush_denormals();
	if (start_helpers(w, threads)) {
		workers_free(w);
		err_set(e, "cannot start %d threads", threads);
		return NULL;
	}
	if (threads == allowed && threads > 1)
		bind_workers(w, &set);
	return w;
}

void workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	atomic_store(&w->quit, 1);
	start_round(w, 0);
	for (int i = 1; i < w->count; i++)
		pthread_join(w->worker[i].thread, NULL);
	if (w->bound)
		pthread_setaffinity_np(pthread_self(), sizeof w->before, &w->before);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->finished);
	free(w);
}

int workers_count(const struct workers *w)
{
	return w->count;
}
