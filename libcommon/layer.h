/* SPDX-License-Identifier: ISC */
/*
 * A layer kind is one const struct in a file of its own, layer-KIND.c, plus its
 * name in LAYER_KINDS below. Being in the table is being parsed, listed, stored,
 * gradient-checked and tested.
 */
#ifndef LAYER_H
#define LAYER_H

#include "dataset.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct layer_kind;

/* Every layer kind: layer_fc in layer-fc.c and so on. */
#define LAYER_KINDS(X) \
	X(fc) \
	X(relu) \
	X(relu6) \
	X(lrelu) X(tanh) X(drop) X(conv) X(dw) X(bn) X(maxpool) X(avgpool) X(gap) X(flatten)

/* The kinds that bring branches together, written as groups: ( | ) and +( | ). */
#define JOIN_KINDS(X) X(concat) X(sum)

#define LAYER_MAX_PARAMS 2
#define LAYER_MAX_BUFFERS 3
#define LAYER_MAX_OPTIONS 8
#define LAYER_MAX_RANK 4
#define LAYER_NAME 96

/* How weights start; biases start at 0 but for INITIALIZER_TORCH. */
enum initializer {
	INITIALIZER_GLOROT, /* U(+-sqrt(6/(in+out))) (Glorot and Bengio 2010; Keras's default)
			     */
	INITIALIZER_HE,	    /* N(0, 2/in) (He et al. 2015) */
	INITIALIZER_TORCH   /* weights and biases U(+-1/sqrt(in)): nn.Linear's default */
};
#define INITIALIZER_WORDS "glorot|he|torch"

/* A layer as written: KIND [KxK] [:NUM] {/OPT [INT | =NUM]}. */
struct layer_spec {
	const struct layer_kind *kind;
	int kernel[2]; /* height, width; 0 where not given */
	double number; /* the NUM, or the kind's default */
	struct {
		char name[12];
		double value; /* 0 where the option has none */
	} option[LAYER_MAX_OPTIONS];
	int options;
	size_t inputs; /* what an mlp says of the values that come in, else 0 */
};

/*
 * A named parameter, whose values are param[at .. at + count) of the net's arenas; or a buffer,
 * as PyTorch calls what is stored with the parameters and not trained. Its bytes are at param +
 * at as well.
 */
struct layer_param {
	const char *name; /* "weight", "bias": PyTorch's names, orders and shapes */
	int rank;
	size_t shape[LAYER_MAX_RANK];
	size_t count, at;
	enum tensor_dtype dtype; /* set for buffers; parameters are F32 */
};

/* An activation that a layer reads. */
struct layer_source {
	int layer; /* whose output; -1 for the net's input */
	struct shape shape;
	int needs_din; /* whether any layer up to there has parameters that are trained */
	size_t at;     /* a join may keep here where in its output the branch's values go */
};

enum layer_way { LAYER_FORWARD, LAYER_BACK, LAYER_WAYS };

/* What a net is prepared for. */
enum layer_use { LAYER_INFERENCE, LAYER_TRAINING, LAYER_USES };

struct layer {
	struct layer_spec spec;
	const struct layer_kind *kind;
	char name[LAYER_NAME]; /* PyTorch's, "3" or "3.1.0": parameters are NAME.weight */
	int position;	       /* its place in net->layer: of its random numbers */
	struct layer_source *source;
	int sources;	 /* 1; of a join its branches */
	struct shape in; /* source[0].shape */
	struct shape out;
	int readers; /* how often the layers behind read its output */
	const struct layer_source *last_reader; /* NULL at the end of the net */
	int slot;      /* where its output lies in inference; -1 where that is the logits */
	int dout_slot; /* where the gradient by it lies in training, or an enum net_place */
	struct layer_param param[LAYER_MAX_PARAMS + LAYER_MAX_BUFFERS];
	int params, buffers; /* the buffers are behind the parameters */
	size_t stride[2];    /* of layers with windows: down, across */
	size_t macs;	     /* multiply-accumulates per item */
	size_t scratch;	     /* bytes per item that forward keeps for backward */
	size_t work;	     /* floats that a worker lends to forward, */
	size_t work_back;    /* and in training to backward and gradient, if that is more */
	size_t partials;     /* doubles per item that measure makes */
	size_t sums;	     /* doubles that reduce makes of those of a batch, */
	size_t sums_at;	     /* and where */
	/*
	 * The parameters' first dimension counts units: weight [units, ...], bias [units]. Work
	 * on the parameters is cut at multiples of unit_step.
	 */
	size_t units, unit_step;
	/* Values that pack makes of the parameters, and where. */
	size_t packed[LAYER_USES], packed_at[LAYER_USES];
	int needs_din;	 /* whether any source does */
	unsigned frozen; /* bit i: training leaves parameter i as it is */
};

/*
 * Items on their way through one layer: some of a batch's for forward and backward, which one
 * worker takes through all layers; for gradient all of them, or a group of large ones.
 */
struct layer_pass {
	size_t n;	    /* items */
	const float *param; /* the net's arena; layer->param[i].at leads to the layer's own */
	enum layer_use use;
	const float *packed; /* by the layers; the layer's own are at packed_at[use] */
	int branch;	     /* of a join: which of its sources in and din are */
	const float *in;     /* [n][in values] */
	float *out;	     /* [n][out values] */
	float *dout;	     /* [n][out values]: gradient of the loss by out */
	float *din; /* [n][in values]: receives the gradient by in; NULL where nobody needs it
		     */
	uint8_t *scratch; /* [n][layer->scratch] */
	float *work;	  /* [layer->work, or work_back], with anything in it */
	double *partials; /* [n][layer->partials]: of measure; of all items for reduce */
	double *sums;	  /* the net's; the layer's own are at layer->sums_at */
	size_t batch;	  /* items of the whole batch */
	int training;	  /* dropout works only then */
	uint64_t seed; /* dropout's: masks are a function of seed, layer, epoch, item, unit */
	uint32_t epoch;
	const uint32_t *item; /* [n]: the items' numbers in the data set */
};

/* What backward reads of out: the next layer must not overwrite it. */
enum layer_keeps {
	LAYER_KEEPS_NOTHING,
	LAYER_KEEPS_SIGN, /* only whether it is above 0, which layers in place keep */
	LAYER_KEEPS_OUT
};

/* What ":" means to a kind. */
enum layer_number { LAYER_NO_NUMBER, LAYER_COUNT, LAYER_PROBABILITY, LAYER_SLOPE };

/* Whether out may be in, and din dout. */
enum layer_in_place {
	LAYER_NOT_IN_PLACE,
	LAYER_IN_PLACE, /* an output is above 0 where its input is, or takes the gradient to 0
			 */
	LAYER_IN_PLACE_ANEW, /* not even that: signs change */
	LAYER_IN_PLACE_BACK  /* as the last, but out only in inference: backward reads in, and
				may set din over it */
};

struct layer_kind {
	const char *name;	  /* as in the net's text */
	char join;		  /* '(' or '+', which begins a group, for a join; else 0 */
	enum layer_number number; /* what ":NUM" is; a count has no default */
	double number_default;
	int kernel;	     /* whether KxK must be given */
	const char *options; /* accepted "/" options, separated by blanks; "" for none */
	/* Of each value by itself, never falls, and where it is flat its gradient is 0: the
	 * maximum may be taken before. */
	int rises;
	enum layer_in_place in_place; /* of a join: over its first source */
	enum layer_keeps keeps;
	/* Takes spec and in; sets out, param (names, shapes), units, packed, macs, scratch,
	 * work. 0 or -1. */
	int (*setup)(struct layer *l, struct err *e);
	/* Fills the layer's parameters; NULL where there are none. */
	void (*init)(const struct layer *l, enum initializer how, uint64_t seed, float *param);
	/*
	 * Each item by itself: an item's bytes do not depend on the items beside it. Of a join
	 * both are called branch by branch, forward from the first, backward from the last.
	 */
	void (*forward)(const struct layer *l, const struct layer_pass *p);
	/* Sets din; not called where it is NULL. */
	void (*backward)(const struct layer *l, const struct layer_pass *p);
	/* Of kinds with parameters: the gradient by units [from, to) of parameter i into
	 * grad[i]. */
	void (*gradient)(const struct layer *l, const struct layer_pass *p, size_t from,
		size_t to, float *const grad[]);
	/*
	 * Of kinds that need to know a whole batch in training before the first of its items
	 * goes through them, one way or the other; else NULL. measure makes partials of each
	 * item by itself, from in and on the way back dout as well; reduce makes sums of those
	 * of all items, and may change buffers in the arena `param`. Such a layer that is all
	 * frozen is as in inference.
	 */
	void (*measure[LAYER_WAYS])(const struct layer *l, const struct layer_pass *p);
	void (*reduce[LAYER_WAYS])(
		const struct layer *l, const struct layer_pass *p, float *param);
	/*
	 * Of layers with `packed`: brings the parameters of units [from, to) into the form in
	 * which the products read them in nets for one use or the other. `packed` is the net's.
	 */
	void (*pack[LAYER_USES])(const struct layer *l, const float *param, float *packed,
		size_t from, size_t to);
};

/* The kind of this name, or NULL; the table, NULL-terminated. */
const struct layer_kind *layer_kind_find(const char *name, size_t length);
const struct layer_kind *const *layer_kinds(void);

/* Whether any of its parameters are trained. */
int layer_trains(const struct layer *l);

/* Floats of work, in inference or in training. */
size_t layer_work(const struct layer *l, int training);

/* Whether it has to know the whole batch in training. */
int layer_waits(const struct layer *l);

/* What it packed, or NULL. */
static inline const float *layer_packed(const struct layer *l, const struct layer_pass *p)
{
	return l->packed[p->use] > 0 ? p->packed + l->packed_at[p->use] : NULL;
}

/* The join whose group begins with `sign`, or NULL. */
const struct layer_kind *layer_join(char sign);

/* The value of an option as written, 0 where it has none; NULL where it was not written. */
const double *layer_option(const struct layer_spec *s, const char *name);

#endif
