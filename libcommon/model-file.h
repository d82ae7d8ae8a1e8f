/* SPDX-License-Identifier: ISC */
/*
 * A model on disk (potstill.kind = model): the parameters under PyTorch's names
 * ("0.weight" [out,in], "0.bias" ...), so that nn.Sequential.load_state_dict takes them;
 * metadata potstill.net, potstill.input ("CxHxW"), potstill.mean, potstill.sd,
 * potstill.class-names (optional) and the lineage.
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

/* -1 with text unless the model takes the data set's items (and has its number of classes, if
 * known). */
int model_check(
	const struct model *m, const char *path, const struct dataset *d, struct err *e);

/* Adds a net's parameters to a set under their names, pointing into n->param. 0 or -1. */
int model_add_params(const struct net *n, const float *param, const char *prefix,
	struct tensor_set *s, struct err *e);

/* Copies them back; every parameter must be there with its shape. 0 or -1. */
int model_take_params(const struct tensor_set *s, const char *prefix, const struct net *n,
	float *param, struct err *e);

/*
 * Writes a model; `lineage` are key, value pairs for the metadata, NULL-terminated.
 * 0 or -1.
 */
int model_save(const struct net *n, const struct preprocess *p, const char *class_names,
	const char *const *lineage, const char *path, struct workers *w, struct err *e);

#endif
