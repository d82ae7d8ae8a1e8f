/* SPDX-License-Identifier: ISC */
#include "model-init.h"

#include "err.h"

#include <stdio.h>
#include <string.h>

#define SHAPE_TEXT 192
#define LINE (TENSOR_MAX_RANK * 32 + 1024)

static int check(const struct tensor_set *s, const struct preprocess *p, struct err *e)
{
	struct preprocess is;

	if (tensor_set_meta(s, "potstill.kind") == NULL)
		return 0;
	if (model_check_kind(s, e) || model_read_preprocess(s, &is, e))
		return -1;
	if (is.mean != p->mean || is.sd != p->sd)
		return err_set(e, "was trained with --mean %g --sd %g", is.mean, is.sd);
	return 0;
}

int model_init_load(struct tensor_set *s, const char *path, const struct preprocess *p,
	struct workers *w, struct err *e)
{
	if (tensor_file_load(s, path, w, e))
		return -1;
	if (check(s, p, e)) {
		tensor_set_release(s);
		return err_in(e, path);
	}
	return 0;
}

static const char *shape_text(char text[SHAPE_TEXT], int rank, const size_t *shape)
{
	int at = snprintf(text, SHAPE_TEXT, "[");

	for (int i = 0; i < rank; i++)
		at += snprintf(text + at, SHAPE_TEXT - (size_t)at, "%s%zu", i > 0 ? "," : "",
			shape[i]);
	snprintf(text + at, SHAPE_TEXT - (size_t)at, "]");
	return text;
}

/* The file's tensor of the parameter's name, or NULL; *fits tells whether it can be taken. */
static const struct tensor *find(const struct tensor_set *s, const struct layer *l,
	const struct layer_param *p, int *fits)
{
	char name[NET_PARAM_NAME];
	const struct tensor *t = tensor_set_find(s, net_param_name(l, p, name));

	*fits = t != NULL && t->dtype == p->dtype && model_same_shape(t, p);
	return t;
}

int model_init_take(
	const struct tensor_set *s, struct net *n, size_t *taken, size_t *of, struct err *e)
{
	const struct layer_param *p;
	const struct layer *l;
	int fits;

	*taken = 0;
	for (*of = 0; (l = net_tensor(n, *of, &p)) != NULL; ++*of) {
		const struct tensor *t = find(s, l, p, &fits);

		if (!fits)
			continue;
		if (model_check_finite(t, e))
			return -1;
		memcpy(n->param + p->at, t->data, t->size);
		++*taken;
	}
	return 0;
}

static void tell_param(const struct tensor_set *s, const struct layer *l,
	const struct layer_param *p, void (*tell)(const char *line))
{
	char line[LINE], name[NET_PARAM_NAME], shape[SHAPE_TEXT], other[SHAPE_TEXT], why[256];
	int fits;
	const struct tensor *t = find(s, l, p, &fits);

	if (fits)
		snprintf(why, sizeof why, "taken");
	else if (t == NULL)
		snprintf(why, sizeof why, "not taken, it is not in the file");
	else if (model_same_shape(t, p))
		snprintf(why, sizeof why, "not taken, it is %s in the file, not %s",
			tensor_dtype_name(t->dtype), tensor_dtype_name(p->dtype));
	else
		snprintf(why, sizeof why, "not taken, it is %s in the file",
			shape_text(other, t->rank, t->shape));
	snprintf(line, sizeof line, "%s %s: %s", net_param_name(l, p, name),
		shape_text(shape, p->rank, p->shape), why);
	tell(line);
}

static int is_in_net(const struct net *n, const char *wanted)
{
	const struct layer_param *p;
	const struct layer *l;
	char name[NET_PARAM_NAME];

	for (size_t i = 0; (l = net_tensor(n, i, &p)) != NULL; i++)
		if (strcmp(net_param_name(l, p, name), wanted) == 0)
			return 1;
	return 0;
}

/* What a checkpoint has beside the model is no news. */
static int is_state(const char *name)
{
	return strncmp(name, "optim.", 6) == 0 || strncmp(name, "best.", 5) == 0 ||
	       strncmp(name, "train.", 6) == 0;
}

void model_init_tell(
	const struct tensor_set *s, const struct net *n, void (*tell)(const char *line))
{
	const struct layer_param *p;
	const struct layer *l;

	for (size_t i = 0; (l = net_tensor(n, i, &p)) != NULL; i++)
		tell_param(s, l, p, tell);
	for (size_t i = 0; i < s->tensors; i++) {
		const struct tensor *t = &s->tensor[i];
		char line[LINE], shape[SHAPE_TEXT];

		if (is_in_net(n, t->name) || is_state(t->name))
			continue;
		snprintf(line, sizeof line, "%.500s %s: in the file, not in the net", t->name,
			shape_text(shape, t->rank, t->shape));
		tell(line);
	}
}
