/* SPDX-License-Identifier: ISC */
/* Convolution: weight [out, in / groups, height, width] as in nn.Conv2d. */
#include "layer-conv.h"

#include "err.h"
#include "layer-conv-winograd.h"
#include "layer-init.h"
#include "net.h"
#include "size.h"

extern const struct layer_kind layer_conv;

static int set_groups(struct layer *l, size_t *groups, struct err *e)
{
	size_t out = (size_t)l->spec.number;

	if (window_option(l, "g", 1, 1, groups, e))
		return -1;
	if (l->in.channels % *groups != 0 || out % *groups != 0)
		return err_set(e,
			"conv:%zu/g%zu: the groups divide %zu and %zu channels unequally", out,
			*groups, l->in.channels, out);
	return 0;
}

static size_t unit_step(size_t units)
{
	size_t parts = (units - 1) / CONV_UNITS + 1, step;

	if (units <= CONV_MANY_UNITS)
		return units;
	parts = parts > 1 ? parts : 2;
	step = (units - 1) / parts + 1;
	return (step + CONV_UNIT_STEP - 1) / CONV_UNIT_STEP * CONV_UNIT_STEP;
}

static int set_params(struct layer *l, size_t groups, struct err *e)
{
	size_t in = l->in.channels / groups, out = (size_t)l->spec.number,
	       height = (size_t)l->spec.kernel[0], width = (size_t)l->spec.kernel[1], pixels;

	l->param[0] = (struct layer_param){
		.name = "weight", .rank = 4, .shape = {out, in, height, width}};
	l->param[1] =
		(struct layer_param){.name = "bias", .rank = 1, .shape = {out}, .count = out};
	l->params = layer_option(&l->spec, "nobias") != NULL ? 1 : 2;
	l->units = out;
	l->unit_step = unit_step(out);
	if (size_mul(out, l->out.height * l->out.width, &pixels) || pixels > NET_MAX_VALUES ||
		size_mul(out, in * height * width, &l->param[0].count) ||
		size_mul(l->param[0].count, l->out.height * l->out.width, &l->macs))
		return err_set(e, "conv%zux%zu:%zu of %zu channels is too large", height, width,
			out, in);
	return 0;
}

/* Values of the weights for the way back: for tiles, or as many as they are. */
static size_t packed_back(const struct conv *c)
{
	struct conv mirror;

	return conv_way_back(c, &mirror) == CONV_BACK_TILES
		       ? conv_tiles_packed(&mirror)
		       : c->groups * c->out * c->in * c->taps;
}

static int setup(struct layer *l, struct err *e)
{
	size_t groups;
	struct conv c;

	if (window_setup(l, 0, e) || set_groups(l, &groups, e))
		return -1;
	l->out.channels = (size_t)l->spec.number;
	if (set_params(l, groups, e))
		return -1;
	conv_of(l, &c);
	l->work = conv_forward_work(&c);
	l->work_back = size_max(conv_back_work(&c), conv_gradient_work(&c));
	l->packed[LAYER_INFERENCE] = conv_tiles_packed(&c);
	if (size_add(l->packed[LAYER_INFERENCE], l->needs_din ? packed_back(&c) : 0,
		    &l->packed[LAYER_TRAINING]) ||
		size_max(l->work, l->work_back) > NET_MAX_VALUES ||
		l->packed[LAYER_INFERENCE] > NET_MAX_VALUES ||
		l->packed[LAYER_TRAINING] > NET_MAX_VALUES)
		return err_set(
			e, "conv:%zu of %zu channels is too large", l->units, l->in.channels);
	return 0;
}

/* Units of a group, the first of which is number `first` in it. */
struct units {
	const float *weight;
	float *packed; /* the group's */
	size_t first, n;
};

/* [in * taps][out] */
static void pack_transposed(const struct conv *c, const struct units *u)
{
	size_t depth = c->in * c->taps;

	conv_transpose(u->weight, u->n, depth, depth, u->packed + u->first, c->out);
}

/* [in][out][taps], the last tap first. */
static void pack_mirrored(const struct conv *c, const struct units *u)
{
	for (size_t i = 0; i < c->in; i++)
		for (size_t unit = 0; unit < u->n; unit++) {
			const float *from = u->weight + (unit * c->in + i) * c->taps;
			float *to = u->packed + (i * c->out + u->first + unit) * c->taps;

			for (size_t t = 0; t < c->taps; t++)
				to[t] = from[c->taps - 1 - t];
		}
}

/* The weights of units [from, to) for the way back, group by group. */
static void pack_back(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	struct conv c, mirror;
	size_t depth;
	int mirrors;

	conv_of(l, &c);
	mirrors = conv_way_back(&c, &mirror) == CONV_BACK_MIRROR;
	depth = c.in * c.taps;
	for (struct units u; from < to; from += u.n) {
		size_t group = from / c.out;

		u.first = from % c.out;
		u.n = size_min((group + 1) * c.out, to) - from;
		u.weight = param + l->param[0].at + from * depth;
		u.packed = packed + group * c.out * depth;
		if (mirrors)
			pack_mirrored(&c, &u);
		else
			pack_transposed(&c, &u);
	}
}

/* The weights of units [from, to) for tiles, and those that are mirrored, whose channels the
 * units are. */
static void pack_tiles(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	struct conv c;

	conv_of(l, &c);
	conv_tiles_pack(&c,
		&(struct conv_taps){param + l->param[0].at, c.in * c.taps, c.taps, 0},
		&(struct conv_range){{from, to}, {0, c.in}}, packed);
}

static void pack_tiles_back(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	struct conv c, mirror;

	conv_of(l, &c);
	conv_way_back(&c, &mirror);
	conv_tiles_pack(&mirror,
		&(struct conv_taps){
			param + l->param[0].at, c.taps, c.in * c.taps, !mirror.turned},
		&(struct conv_range){{0, c.in}, {from, to}}, packed);
}

static void pack_for_inference(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	pack_tiles(l, param, packed + l->packed_at[LAYER_INFERENCE], from, to);
}

static void pack_for_training(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	struct conv c, mirror;
	size_t forward;

	conv_of(l, &c);
	forward = conv_tiles_packed(&c);
	packed += l->packed_at[LAYER_TRAINING];
	if (forward > 0)
		pack_tiles(l, param, packed, from, to);
	if (!l->needs_din)
		return;
	packed += forward;
	if (conv_way_back(&c, &mirror) == CONV_BACK_TILES)
		pack_tiles_back(l, param, packed, from, to);
	else
		pack_back(l, param, packed, from, to);
}

const struct layer_kind layer_conv = {
	.name = "conv",
	.number = LAYER_COUNT,
	.kernel = 1,
	.options = "s p g same valid nobias",
	.setup = setup,
	.init = layer_init_weights,
	.forward = conv_forward,
	.backward = conv_backward,
	.gradient = conv_gradient,
	.pack = {[LAYER_INFERENCE] = pack_for_inference, [LAYER_TRAINING] = pack_for_training},
};
