/* SPDX-License-Identifier: ISC */
#include "model-file.h"

#include "class-names.h"
#include "err.h"
#include "lineage.h"
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE 1000000
#define NAME_SIZE (NET_PARAM_NAME + 32)
#define SLACK \
	1000000 /* parameters beyond a file's that may be allocated before it is refused */

static void param_name(char name[NAME_SIZE], const char *prefix, const struct layer *l,
	const struct layer_param *p)
{
	char own[NET_PARAM_NAME];

	snprintf(name, NAME_SIZE, "%s%s", prefix, net_param_name(l, p, own));
}

/* net_param or net_tensor: which of a net's tensors. */
typedef const struct layer *nth(const struct net *n, size_t i, const struct layer_param **p);

static int add(struct tensor_set *s, const char *prefix, const struct net *n,
	const float *arena, nth *next, struct err *e)
{
	const struct layer_param *p;
	const struct layer *l;

	for (size_t i = 0; (l = next(n, i, &p)) != NULL; i++) {
		char name[NAME_SIZE];

		param_name(name, prefix, l, p);
		if (tensor_set_add(s, name, p->dtype, p->rank, p->shape, arena + p->at, e))
			return -1;
	}
	return 0;
}

int model_add_arena(struct tensor_set *s, const char *prefix, const struct net *n,
	const float *arena, struct err *e)
{
	return add(s, prefix, n, arena, net_tensor, e);
}

int model_add_state(struct tensor_set *s, const char *prefix, const struct net *n,
	const float *state, struct err *e)
{
	return add(s, prefix, n, state, net_param, e);
}

int model_same_shape(const struct tensor *t, const struct layer_param *p)
{
	return t->rank == p->rank &&
	       memcmp(t->shape, p->shape, (size_t)p->rank * sizeof *p->shape) == 0;
}

static int check_values(const struct tensor *t, bool infinity, struct err *e)
{
	const float *v = t->data;

	for (size_t i = 0; t->dtype == TENSOR_F32 && i < t->size / sizeof *v; i++)
		if (infinity ? isnan(v[i]) : !isfinite(v[i]))
			return err_set(e, "tensor \"%.300s\" holds %g", t->name, (double)v[i]);
	return 0;
}

int model_check_finite(const struct tensor *t, struct err *e)
{
	return check_values(t, false, e);
}

static int take(const struct tensor_set *s, const char *prefix, const struct net *n,
	float *arena, nth *next, struct err *e)
{
	const struct layer_param *p;
	const struct layer *l;

	for (size_t i = 0; (l = next(n, i, &p)) != NULL; i++) {
		const struct tensor *t;
		char name[NAME_SIZE];

		param_name(name, prefix, l, p);
		t = tensor_set_find(s, name);
		if (t == NULL)
			return err_set(e, "has no tensor \"%s\", which the net needs", name);
		if (t->dtype != p->dtype || !model_same_shape(t, p))
			return err_set(e,
				"tensor \"%s\" does not have the net's shape or is not %s",
				name, tensor_dtype_name(p->dtype));
		/* Mean squares of gradients overflow first: they make no steps then. */
		if (check_values(t, next == net_param, e))
			return -1;
		memcpy(arena + p->at, t->data, t->size);
	}
	return 0;
}

int model_take_arena(const struct tensor_set *s, const char *prefix, const struct net *n,
	float *arena, struct err *e)
{
	return take(s, prefix, n, arena, net_tensor, e);
}

int model_take_state(const struct tensor_set *s, const char *prefix, const struct net *n,
	float *state, struct err *e)
{
	return take(s, prefix, n, state, net_param, e);
}

int model_describe(struct tensor_set *s, const struct net *n, const float *param,
	const struct preprocess *p, const char *class_names, struct err *e)
{
	char input[NAME_SIZE], mean[NUMBER_TEXT], sd[NUMBER_TEXT];

	snprintf(input, sizeof input, "%zux%zux%zu", n->in.channels, n->in.height, n->in.width);
	if (tensor_set_put_meta(s, "potstill.net", n->text, e) ||
		tensor_set_put_meta(s, "potstill.input", input, e) ||
		tensor_set_put_meta(s, "potstill.mean", number_text(p->mean, mean), e) ||
		tensor_set_put_meta(s, "potstill.sd", number_text(p->sd, sd), e))
		return -1;
	if (class_names != NULL &&
		tensor_set_put_meta(s, "potstill.class-names", class_names, e))
		return -1;
	return model_add_arena(s, "", n, param, e);
}

static int read_side(const char **at, char end, size_t *side)
{
	char *behind;
	unsigned long v = strtoul(*at, &behind, 10);

	if (**at < '1' || **at > '9' || *behind != end || v > MAX_SIDE)
		return -1;
	*side = v;
	*at = behind + 1;
	return 0;
}

static int read_input(const struct tensor_set *s, struct shape *in, struct err *e)
{
	const char *text = tensor_set_meta(s, "potstill.input"), *at = text;

	if (text == NULL)
		return err_set(e, "says nothing of its input (potstill.input)");
	if (read_side(&at, 'x', &in->channels) || read_side(&at, 'x', &in->height) ||
		read_side(&at, '\0', &in->width))
		return err_set(
			e, "potstill.input: \"%.40s\" is no shape such as 1x28x28", text);
	return 0;
}

/* The key's number, or `otherwise` where the key is missing. */
static int read_number(const struct tensor_set *s, const char *key, double otherwise,
	double *value, struct err *e)
{
	const char *text = tensor_set_meta(s, key);
	char *end;

	*value = otherwise;
	if (text == NULL)
		return 0;
	*value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(*value))
		return err_set(e, "%s: \"%.40s\" is not a number", key, text);
	return 0;
}

int model_read_preprocess(const struct tensor_set *s, struct preprocess *p, struct err *e)
{
	if (read_number(s, "potstill.mean", 0, &p->mean, e) ||
		read_number(s, "potstill.sd", 1, &p->sd, e))
		return -1;
	if (p->sd <= 0)
		return err_set(e, "potstill.sd: %g is not above 0", p->sd);
	return 0;
}

static int read_class_names(struct model *m, struct err *e)
{
	const char *names = tensor_set_meta(&m->set, "potstill.class-names");
	size_t n;

	if (names == NULL)
		return 0;
	if (class_names_count(names, &n, e))
		return -1;
	if (n > m->net->classes)
		return err_set(e, "has %zu class names for %zu classes", n, m->net->classes);
	m->class_names = strdup(names);
	return m->class_names == NULL ? err_set(e, "out of memory") : 0;
}

int model_check_kind(const struct tensor_set *s, struct err *e)
{
	const char *kind = tensor_set_meta(s, "potstill.kind");

	if (kind != NULL && strcmp(kind, "checkpoint") == 0)
		return 0;
	return lineage_check_kind(s, "model", e);
}

/*
 * The net's text decides what is needed, and must not ask for much more than the file holds. Of
 * a few tensors that are missing model_take_arena tells more.
 */
static int read_model(struct model *m, struct workers *w, struct err *e)
{
	const char *text = tensor_set_meta(&m->set, "potstill.net");
	struct shape in;

	if (model_check_kind(&m->set, e) || read_input(&m->set, &in, e) ||
		model_read_preprocess(&m->set, &m->preprocess, e))
		return -1;
	if (text == NULL)
		return err_set(e, "says nothing of its net (potstill.net)");
	m->net = net_new_within(text, &in, m->set.bytes / sizeof(float) + SLACK, w, e);
	if (m->net == NULL || model_take_arena(&m->set, "", m->net, m->net->param, e))
		return -1;
	if (read_class_names(m, e))
		return -1;
	return tensor_set_fingerprint(&m->set, &m->fingerprint, e);
}

int model_load(struct model *m, const char *path, struct workers *w, struct err *e)
{
	*m = (struct model){.net = NULL};
	if (tensor_file_load(&m->set, path, w, e))
		return -1;
	if (read_model(m, w, e)) {
		model_release(m);
		return err_in(e, path);
	}
	return 0;
}

void model_release(struct model *m)
{
	net_free(m->net);
	free(m->class_names);
	tensor_set_release(&m->set);
	*m = (struct model){.net = NULL};
}

int model_check(const struct model *m, const char *path, const struct dataset *d, struct err *e)
{
	const struct shape *in = &m->net->in, *is = &d->shape;

	if (!shape_fits(in, is))
		err_set(e, "takes inputs of %zux%zux%zu where the data set has %zux%zux%zu",
			in->channels, in->height, in->width, is->channels, is->height,
			is->width);
	else if (m->net->classes < d->classes)
		err_set(e, "tells %zu classes apart where the data set has %zu",
			m->net->classes, d->classes);
	else if (class_names_match(m->class_names, d->class_names, "the data set", e) == 0)
		return 0;
	return err_in(e, path);
}
