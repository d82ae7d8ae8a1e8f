/* SPDX-License-Identifier: ISC */
/*
 * A feed-forward net: each layer reads the output of one before it, a join those of several,
 * and any may be read by several; all parameters are in one arena.
 * Activations are [item][value], row-major.
 */
#ifndef NET_H
#define NET_H

#include "batcher.h"
#include "layer.h"

/* Values of one item anywhere in a net: keeps products in range. */
#define NET_MAX_VALUES ((size_t)1 << 40)

/* Units of a layer whose gradient, step and packing are one piece of work. */
struct net_part {
	const struct layer *layer;
	size_t from, to;
};

/*
 * Layers [from, to), through which each worker takes a chunk of a batch's items at a time; all
 * items are through a stage before the first goes into the next one.
 */
struct net_stage {
	int from, to;
	int waits;    /* layer `from` waits for sums over the batch, and on the way back too */
	size_t chunk; /* items */
};

struct net_slot {
	size_t values;
	int until; /* when it is read for the last time: net-share.c's */
};

/* Memory that activations share, or the gradients by them: of an item the slots lie one behind
 * the other. */
struct net_slots {
	struct net_slot *slot;
	int count, head; /* [0, head) hold a piece's items, the others a chunk's or a group's */
};

struct net {
	char *text;	     /* as net_spec_text writes it */
	struct layer *layer; /* in the order in which they run */
	int layers;
	struct layer_source *source; /* the layers' */
	struct shape in;
	size_t classes;	   /* values of the last layer */
	size_t params;	   /* parameters in all */
	size_t statistics; /* values of running statistics, which are stored beside them */
	size_t arena;	   /* values in param: params, buffers, and padding, which stays 0 */
	float *param;
	size_t packed_values[LAYER_USES]; /* of the layers that pack for it */
	float *packed; /* the parameters as net_pack last saw them; from net_prepare on */
	struct net_part *part; /* all units of all layers, cut by shape alone */
	size_t parts;
	size_t macs;		 /* per item */
	struct workers *workers; /* the caller's */
	/* What net_prepare made room for: */
	size_t batch;
	int training;
	/*
	 * Items that go forward and back, and into the gradients, before the next: of the shape
	 * and the batch alone. The whole batch, but where in training an item is large and no
	 * layer waits.
	 */
	size_t group;
	struct net_stage *stage; /* one, but for training layers that wait */
	int stages;
	size_t chunk; /* items of the largest one */
	/*
	 * Layers [tail, layers) have many parameters for few activations and take a chunk as a
	 * whole; those before them `piece` of its items at a time. 0 where there are no such.
	 */
	int tail;
	size_t piece;
	/*
	 * Per layer: activations and the gradients by them (memory is shared where one is no
	 * longer read; NULL where nobody needs one), and scratch. Of a group in training; else
	 * activations of a chunk, worker by worker, in slots.
	 */
	float **out, **dout;
	uint8_t **scratch;
	struct net_slots slots;	     /* of activations, in inference */
	struct net_slots dout_slots; /* of gradients, in training */
	float *spare;		     /* a worker's gradient on its way to a sum */
	size_t worker_values; /* from one worker's activations, or spare, to the next one's */
	float *work;	      /* the workers', worker_work values each */
	size_t worker_work;
	double *partials; /* [batch]: of the layer that is measured */
	double *sums;	  /* the layers', sum_values in all */
	size_t sum_values;
	float *logits; /* [batch][classes] */
	float *sum;    /* the gradients by earlier groups, laid out as the parameters are */
	float *next;   /* the same with the present one */
	void *buffers; /* owns them all */
	/* Since the last net_start: */
	struct layer_pass pass;
	size_t first, items; /* of the batch: the present group */
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

/*
 * Training leaves alone the parameters whose names match a pattern, or one of several separated
 * by commas, as fnmatch(3) reads them: "0.*", "*.bias,3.weight". What only they need is not
 * computed any more. Before net_prepare. 0, or -1 where a pattern matches no name, or nothing
 * is left to train.
 */
int net_freeze(struct net *n, const char *patterns, struct err *e);

/* How many parameters are trained. */
size_t net_trained(const struct net *n);

/* Makes room for batches of up to `batch` items; for inference an activation is kept
 * until its last reader has run. */
int net_prepare(struct net *n, size_t batch, int training, struct err *e);

/* Bytes that net_prepare would take (parameters included); 0 on overflow. */
size_t net_memory(const struct net *n, size_t batch, int training);

/*
 * How a batch goes through: net_pack after the parameters have changed; net_start; net_forward
 * or, in training, net_train; then, unit by unit, net_gradient. Workers take chunks of a
 * group's items through the net's stages. In a net of one stage, nearly all, a chunk goes
 * forward and backward while it is in its worker's cache. The gradients by all groups but the
 * last are summed in net_train, from the first on.
 */
void net_pack(struct net *n);

/* With `training`, dropout works, its masks a function of seed, b->epoch and b->item. */
void net_start(struct net *n, const struct batch *b, int training, uint64_t seed);

/* What the caller does with items [from, to) at both ends of the net; in any order, in threads.
 */
struct net_visitor {
	/* Sets their inputs; NULL where they are set. */
	void (*enter)(void *arg, size_t from, size_t to);
	/* Takes their logits and sets the gradient by them; in net_train. */
	void (*leave)(void *arg, size_t from, size_t to, const float *logits, float *dlogits);
	void *arg;
};

/* Sets the logits. */
void net_forward(struct net *n, const struct net_visitor *v);

/* Sets the logits, and the gradients by all activations: of nets prepared and started for
 * training. */
void net_train(struct net *n, const struct net_visitor *v);

/* The second half of net_train by itself, after net_forward and with net_dlogits filled: of a
 * batch that is one group. */
void net_backward(struct net *n);

/* The gradient by the logits, [batch][classes], for net_backward. */
float *net_dlogits(struct net *n);

/* After net_train: the gradient by the part's values of parameter i of its
 * layer into grad[i]. */
void net_gradient(struct net *n, const struct net_part *part, int worker, float *const grad[]);

/* How many values of parameter i of its layer the part has, and where in the arena. */
size_t net_part_values(const struct net_part *part, int i, size_t *at);

/* What layers pack for in nets that are prepared for training, or not. */
static inline enum layer_use net_packs_for(int training)
{
	return training ? LAYER_TRAINING : LAYER_INFERENCE;
}

/* Packs a part whose parameters have changed. */
void net_pack_part(struct net *n, const struct net_part *part);

/* "0.weight": what PyTorch calls a parameter. */
#define NET_PARAM_NAME (LAYER_NAME + 32)
const char *net_param_name(
	const struct layer *l, const struct layer_param *p, char name[NET_PARAM_NAME]);

/* Parameter number i of the net, layers in order: its layer, or NULL past the last; *p receives
 * it. */
const struct layer *net_param(const struct net *n, size_t i, const struct layer_param **p);

/* The same of all that is stored: the layers' parameters and buffers. */
const struct layer *net_tensor(const struct net *n, size_t i, const struct layer_param **p);

#endif
