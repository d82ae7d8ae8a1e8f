/* SPDX-License-Identifier: ISC */
/*
 * A feed-forward net: layers in a row, parameters and gradients in one arena
 * each. Activations are [item][value], row-major.
 */
#ifndef NET_H
#define NET_H

#include "batcher.h"
#include "layer.h"

/* Values of one item anywhere in a net: keeps products in range. */
#define NET_MAX_VALUES ((size_t)1 << 40)

struct net {
	char *text; /* as net_spec_text writes it */
	struct layer *layer;
	int layers;
	struct shape in;
	size_t classes;	     /* values of the last layer */
	size_t params;	     /* parameters in all */
	size_t arena;	     /* values in param and grad: params and padding, which stays 0 */
	float *param, *grad; /* grad is NULL until net_prepare asks for training */
	size_t macs;	     /* per item */
	struct workers *workers; /* the caller's */
	/* What net_prepare made room for: */
	size_t batch;
	int training;
	float **out; /* per layer: activations [batch][values] (shared by layers in place) */
	uint8_t **scratch;  /* per layer */
	float *gradient[2]; /* of activations, in turn */
	void *buffers;	    /* owns them all */
	/* Since the last net_forward: */
	struct layer_pass pass;
};

/* Builds a net for inputs of this shape; parameters are 0. NULL and text on failure. */
struct net *net_new(const char *spec, const struct shape *in, struct workers *w, struct err *e);

/*
 * The same, but a net of more than `most` parameters is refused before anything is allocated
 * for them: a file's text must not ask for gigabytes that the file does not hold.
 */
struct net *net_new_within(const char *spec, const struct shape *in, size_t most,
	struct workers *w, struct err *e);
void net_free(struct net *n);

/* Fills the parameters: a function of how and seed alone. */
void net_init(struct net *n, enum initializer how, uint64_t seed);

/* Makes room for batches of up to `batch` items; for inference only two layers' activations are
 * kept. */
int net_prepare(struct net *n, size_t batch, int training, struct err *e);

/* Bytes that net_prepare would take (parameters and gradients included); 0 on overflow. */
size_t net_memory(const struct net *n, size_t batch, int training);

/*
 * The logits [b->n][classes], valid until the next call. With `training`, dropout works, its
 * masks a function of seed, b->epoch and b->item.
 */
const float *net_forward(struct net *n, const struct batch *b, int training, uint64_t seed);

/* Where the gradient by the logits goes, [batch][classes], for net_backward. */
float *net_dlogits(struct net *n);

/* After net_forward in training and with net_dlogits filled: overwrites grad. */
void net_backward(struct net *n);

/* Parameter number i of the net, layers in order: its layer, or NULL past the last; *p receives
 * it. */
const struct layer *net_param(const struct net *n, size_t i, const struct layer_param **p);

#endif
