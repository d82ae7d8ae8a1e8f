/* SPDX-License-Identifier: ISC */
/* Learning rates over time. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

enum schedule_kind {
	SCHEDULE_CONSTANT,
	SCHEDULE_STEP,
	SCHEDULE_EXP,
	SCHEDULE_COSINE,
	SCHEDULE_PLATEAU
};
#define SCHEDULE_WORDS "constant|step|exp|cosine|plateau"

/* Which numbers beside the learning rate and the warm-up a kind reads. */
enum {
	SCHEDULE_USES_GAMMA = 1,
	SCHEDULE_USES_STEP_EPOCHS = 2,
	SCHEDULE_USES_PATIENCE = 4,
	SCHEDULE_USES_LR_MIN = 8
};
int schedule_uses(enum schedule_kind kind);

struct schedule {
	enum schedule_kind kind;
	double lr;     /* where it starts (after the warm-up) */
	double warmup; /* epochs of linear rise: step k (from 0) of n has lr * (k + 1) / n */
	double step;   /* epochs that a step takes: a batch's share of the items */
	double epochs; /* of the whole run: where cosine reaches lr_min */
	double lr_min;
	double gamma; /* factor of step (each step_epochs), exp (each epoch), both counted from
			 the end of the warm-up, and of plateau */
	int step_epochs;
	int patience; /* epochs in a row without a better value that plateau lets pass */
	/* plateau's state, which checkpoints keep: */
	double factor, best;
	int waited;
};

/* A constant learning rate of 0, the other kinds' numbers, and plateau's state at the start. */
void schedule_init(struct schedule *s);

/* The learning rate of the step that begins `time` epochs from the start. */
double schedule_lr(const struct schedule *s, double time);

/* Tells plateau what the monitored loss was after an epoch (PyTorch's ReduceLROnPlateau, mode
 * min, relative threshold 1e-4). Others ignore it. */
void schedule_epoch(struct schedule *s, double loss);

#endif
