/* SPDX-License-Identifier: ISC */
/*
 * A model on disk (potstill.kind = model): parameters and buffers under PyTorch's names
 * ("0.weight" [out,in], "0.bias" ...), so that nn.Sequential.load_state_dict takes them;
 * metadata potstill.net, potstill.input ("CxHxW"), potstill.mean, potstill.sd,
 * potstill.class-names (optional) and the lineage. A checkpoint is a model with more
 * tensors, and loads as one.
 */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "augment.h"
#include "fingerprint.h"
#include "net.h"

struct model {
	struct net *net;
	struct preprocess preprocess;
	char *class_names; /* JSON array, or NULL */
	struct fingerprint fingerprint;
	struct tensor_set set; /* as loaded: metadata and lineage */
};

/* Loads and checks a model; the net is ready for net_prepare. 0, or -1 with m released. */
int model_load(struct model *m, const char *path, struct workers *w, struct err *e);
void model_release(struct model *m);

/* -1 with text unless the model takes the data set's items, has no fewer classes and, where
 * both say how these are called, calls them the same. */
int model_check(
	const struct model *m, const char *path, const struct dataset *d, struct err *e);

/* Whether a file's tensor has a parameter's shape, whatever its type. */
int model_same_shape(const struct tensor *t, const struct layer_param *p);

/*
 * Adds tensors PREFIX + "0.weight" ... that point into `arena`, which is laid out as n->param:
 * parameters and buffers. 0 or -1.
 */
int model_add_arena(struct tensor_set *s, const char *prefix, const struct net *n,
	const float *arena, struct err *e);

/* Whether no float of it is NaN or infinite: training and inference would end there, and blame
 * something else. 0 or -1. */
int model_check_finite(const struct tensor *t, struct err *e);

/* Copies them back into `arena`; each must be there, finite, with its shape and type. 0 or -1.
 */
int model_take_arena(const struct tensor_set *s, const char *prefix, const struct net *n,
	float *arena, struct err *e);

/* The same of an optimiser's state, which has something for each parameter and no buffer; it
 * may be infinite. */
int model_add_state(struct tensor_set *s, const char *prefix, const struct net *n,
	const float *state, struct err *e);
int model_take_state(const struct tensor_set *s, const char *prefix, const struct net *n,
	float *state, struct err *e);

/* Refuses what is neither a model nor a checkpoint; what the metadata says of preprocessing. 0
 * or -1. */
int model_check_kind(const struct tensor_set *s, struct err *e);
int model_read_preprocess(const struct tensor_set *s, struct preprocess *p, struct err *e);

/* Makes s a model: parameters from `param` and all metadata but the lineage. 0 or -1. */
int model_describe(struct tensor_set *s, const struct net *n, const float *param,
	const struct preprocess *p, const char *class_names, struct err *e);

#endif
