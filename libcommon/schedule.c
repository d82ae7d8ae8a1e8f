/* SPDX-License-Identifier: ISC */
#include "schedule.h"

#include <math.h>

#define THRESHOLD 1e-4
/* Of a step: how far time and the warm-up, which are sums and fractions, may miss an epoch. */
#define SLACK 1e-3

int schedule_uses(enum schedule_kind kind)
{
	switch (kind) {
	case SCHEDULE_CONSTANT:
		return 0;
	case SCHEDULE_STEP:
		return SCHEDULE_USES_GAMMA | SCHEDULE_USES_STEP_EPOCHS;
	case SCHEDULE_EXP:
		return SCHEDULE_USES_GAMMA;
	case SCHEDULE_COSINE:
		return SCHEDULE_USES_LR_MIN;
	case SCHEDULE_PLATEAU:
		return SCHEDULE_USES_GAMMA | SCHEDULE_USES_PATIENCE | SCHEDULE_USES_LR_MIN;
	}
	return 0;
}

void schedule_init(struct schedule *s)
{
	*s = (struct schedule){
		.gamma = 0.1, .step_epochs = 10, .patience = 5, .factor = 1, .best = INFINITY};
}

/* Half a cosine from lr down to lr_min (Loshchilov and Hutter 2017, without restarts). */
static double cosine(const struct schedule *s, double time)
{
	double length = s->epochs - s->warmup,
	       done = length > 0 ? (time - s->warmup) / length : 1;

	if (done > 1)
		done = 1;
	return s->lr_min + (s->lr - s->lr_min) * (1 + cos(acos(-1) * done)) / 2;
}

/* Whole epochs, of a time at which a step begins. */
static double whole(const struct schedule *s, double time)
{
	return floor(time + SLACK * s->step);
}

double schedule_lr(const struct schedule *s, double time)
{
	double after = time - s->warmup;

	if (after < 0)
		return s->lr * fmin(1, (time + s->step) / s->warmup);
	switch (s->kind) {
	case SCHEDULE_CONSTANT:
		return s->lr;
	case SCHEDULE_STEP:
		return s->lr * pow(s->gamma, floor(whole(s, after) / s->step_epochs));
	case SCHEDULE_EXP:
		return s->lr * pow(s->gamma, whole(s, after));
	case SCHEDULE_COSINE:
		return cosine(s, time);
	case SCHEDULE_PLATEAU:
		return fmax(s->lr * s->factor, s->lr_min);
	}
	return s->lr;
}

void schedule_epoch(struct schedule *s, double loss)
{
	if (s->kind != SCHEDULE_PLATEAU)
		return;
	if (loss < s->best * (1 - THRESHOLD)) {
		s->best = loss;
		s->waited = 0;
		return;
	}
	if (++s->waited > s->patience) {
		s->factor *= s->gamma;
		s->waited = 0;
	}
}
