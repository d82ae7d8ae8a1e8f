/* SPDX-License-Identifier: ISC */
/*
 * Batch normalisation: what layer-bn.c, items on their way, and layer-bn-sums.c, the batch's
 * statistics, share.
 */
#ifndef LAYER_BN_H
#define LAYER_BN_H

#include "layer.h"

/* The order of its parameters and buffers. */
enum { BN_WEIGHT, BN_BIAS, BN_MEAN, BN_VARIANCE, BN_TRACKED };

/* Of each channel of the batch; the layer's part of p->sums. */
struct bn_sums {
	double *mean, *inverse; /* 1 / sqrt(variance + e) */
	double *dout, *dxhat;	/* sums of dout, and of dout * xhat */
};

struct bn_sums bn_sums_of(const struct layer *l, const struct layer_pass *p);

/* Doubles of partials, for each item, and of sums, for a layer of so many channels. */
#define BN_PARTIALS 2
#define BN_SUMS 4

/* Values of a channel in an item. */
size_t bn_plane(const struct layer *l);

/* The layer's option, or PyTorch's default. */
double bn_epsilon(const struct layer *l);
double bn_momentum(const struct layer *l);

/* A single value has no variance; it goes by the running statistics, as in inference. */
int bn_has_variance(const struct layer *l, const struct layer_pass *p);

/* The running statistics of channel c. */
void bn_running(
	const struct layer *l, const float *param, size_t c, double *mean, double *inverse);

/* What a mean loses as a float. */
double bn_lost(double mean);

/* layer_kind's measure and reduce. */
void bn_measure(const struct layer *l, const struct layer_pass *p);
void bn_reduce(const struct layer *l, const struct layer_pass *p, float *param);
void bn_measure_back(const struct layer *l, const struct layer_pass *p);
void bn_reduce_back(const struct layer *l, const struct layer_pass *p, float *param);

#endif
