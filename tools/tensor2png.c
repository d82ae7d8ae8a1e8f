/* SPDX-License-Identifier: ISC */
/* Pictures of a data set, a model's first weights, or any tensor as PNG files. */
#include "cli-picture.h"
#include "cli-rows.h"
#include "die.h"
#include "err.h"
#include "number.h"
#include "options.h"
#include "tensor-picture.h"

#include <math.h>
#include <string.h>

#define DEFAULT_ITEMS 100

static const char *output = "-", *name, *range, *each, *shape, *ends;
static bool own_range;
static int per_class, columns, scale = 1, gap = 2, colors = -1;

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the PNG file"),
	OPTION_TEXT('t', "tensor", "NAME", &name,
		"the tensor [images, a model's first weights, values, or the only one]"),
	OPTION_TEXT('r', "rows", "A:B", &range,
		"rows A to B - 1, counted from 0 [all; of pictures the first 100]"),
	OPTION_TEXT(0, "each", "FOLDER", &each,
		"write each picture to a file, of a class in its folder"),
	OPTION_INT(0, "scale", "N", &scale, 1, 1000, "show a pixel as N x N [1]"),
	OPTION_GROUP("sheet"),
	OPTION_INT(0, "per-class", "N", &per_class, 1, 10000,
		"N pictures of each class, a class in a row"),
	OPTION_INT(0, "columns", "N", &columns, 1, IMAGE_MAX_SIDE,
		"pictures in a row [what makes a square]"),
	OPTION_INT(0, "gap", "N", &gap, 0, 1000, "pixels between pictures [2]"),
	OPTION_GROUP("numbers"),
	OPTION_TEXT(0, "tiles", "CxHxW", &shape,
		"each row of a 2-D tensor is a picture of this shape"),
	OPTION_CHOICE(0, "colors", "gray|hot|blue-red", &colors,
		"of numbers [gray; of heat maps hot, with numbers below 0 blue-red]"),
	OPTION_TEXT(0, "range", "LOW:HIGH", &ends,
		"the numbers of the first and the last colour [the least and the greatest]"),
	OPTION_FLAG(0, "own-range", &own_range, "a range for each picture"),
	OPTION_END,
};

static const struct tool tool = {
	.name = "tensor2png",
	.summary = "show pictures, a model's first weights or any 2-D tensor as PNG",
	.synopsis = "[options] FILE",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 1,
};

static bool is_kind(const struct tensor_set *s, const char *kind)
{
	const char *found = tensor_set_meta(s, "potstill.kind");

	return found != NULL && strcmp(found, kind) == 0;
}

static const struct tensor *choose(const struct tensor_set *s, struct err *e)
{
	static const char *const usual[] = {"images", "values", "features"};
	const struct tensor *t = NULL;

	if (name != NULL) {
		t = tensor_set_find(s, name);
		if (t == NULL)
			err_set(e, "has no tensor \"%s\"", name);
		return t;
	}
	if (is_kind(s, "model") || is_kind(s, "checkpoint"))
		return tensor_picture_first(s, e);
	for (size_t i = 0; t == NULL && i < sizeof usual / sizeof usual[0]; i++)
		t = tensor_set_find(s, usual[i]);
	if (t == NULL && s->tensors == 1)
		t = &s->tensor[0];
	if (t == NULL)
		err_set(e, "has %zu tensors; say which with --tensor", s->tensors);
	return t;
}

/* What --tiles says, else of a model's first weights the input's shape. */
static void settle_tiles(struct tensor_picture *p, const struct tensor_set *s)
{
	const char *input = tensor_set_meta(s, "potstill.input");
	size_t in[3];
	struct err e;

	if (shape != NULL) {
		if (number_list(shape, 'x', 3, SIZE_MAX / 10 - 1, p->shape) ||
			p->shape[0] * p->shape[1] * p->shape[2] == 0)
			die_usage("--tiles: \"%s\" is no shape such as 1x28x28", shape);
	} else if (p->tensor->rank == 2 && input != NULL &&
		   p->tensor == tensor_picture_first(s, &e) &&
		   number_list(input, 'x', 3, IMAGE_MAX_SIDE, in) == 0 && in[1] * in[2] > 1 &&
		   in[0] * in[1] * in[2] == p->tensor->shape[1]) {
		memcpy(p->shape, in, sizeof in);
	}
}

static bool is_heat_map(const struct tensor_picture *p)
{
	return p->tensor->rank != 4 && p->shape[0] == 0;
}

/* LOW:HIGH, both of them. */
static int parse_range(const char *text, struct image_range *r)
{
	const char *end = number_read(text, &r->low);

	if (end == NULL || *end != ':')
		return -1;
	end = number_read(end + 1, &r->high);
	if (end == NULL || *end != '\0')
		return -1;
	return r->low < r->high && isfinite(r->low + r->high) ? 0 : -1;
}

static void settle_colors(struct tensor_picture *p)
{
	if (ends != NULL && parse_range(ends, &p->range))
		die_usage("--range: \"%s\" is not LOW:HIGH", ends);
	if (colors >= 0)
		p->colors = (enum image_colors)colors;
	else
		p->colors = !is_heat_map(p)    ? IMAGE_GRAY
			    : p->range.low < 0 ? IMAGE_BLUE_RED
					       : IMAGE_HOT;
}

static int read_rows(
	const struct tensor *t, bool pictures, size_t *from, size_t *to, struct err *e)
{
	size_t all = t->rank == 0 ? 0 : t->shape[0];

	if (number_range(range == NULL ? ":" : range, all, from, to))
		die_usage("--rows: \"%s\" is not A:B", range);
	if (*from > *to || *to > all)
		return err_set(e, "rows %s are not within its %zu rows", range, all);
	if (range == NULL && pictures && each == NULL && per_class == 0 && all > DEFAULT_ITEMS)
		*to = DEFAULT_ITEMS;
	return 0;
}

/* What is to be shown, checked: errors are the file's. */
static int prepare(struct tensor_picture *p, struct cli_picture *c, const struct tensor_set *s,
	const struct dataset *d, struct err *e)
{
	static const struct dataset nothing;
	bool pictures;
	size_t to;

	p->tensor = choose(s, e);
	if (p->tensor == NULL)
		return -1;
	pictures = d->images != NULL && strcmp(p->tensor->name, "images") == 0;
	settle_tiles(p, s);
	if (read_rows(p->tensor, pictures, &c->first, &to, e) ||
		tensor_picture_init(p, c->first, to, e))
		return -1;
	settle_colors(p);
	c->tiles = tensor_picture_tiles(p);
	c->per_item = p->per_row;
	c->data = pictures ? d : &nothing; /* labels matter for the pictures alone */
	if (each != NULL && is_heat_map(p))
		return err_set(e, "tensor \"%.200s\" is one picture: --each needs several",
			p->tensor->name);
	if (per_class > 0 && c->data->labels == NULL)
		return err_set(e, "has no pictures with labels, which --per-class needs");
	c->columns = per_class > 0 ? (size_t)per_class * p->per_row : (size_t)columns;
	return 0;
}

static void check_heat_map(const struct tensor_picture *p, const char *path)
{
	if (is_heat_map(p) && (columns > 0 || own_range || options_given(&gap)))
		die_usage("\"%s\": a heat map is one picture: --columns, --gap and --own-range "
			  "say nothing",
			path);
}

static int show(const struct cli_picture *c, struct err *e)
{
	if (each != NULL)
		return cli_picture_each(c, each, e);
	if (per_class > 0)
		return cli_picture_classes(c, output, e);
	return cli_picture_sheet(c, output, e);
}

int main(int argc, char **argv)
{
	struct cli_picture c = {.data = NULL};
	struct tensor_picture p = {.tensor = NULL};
	struct dataset d = {0};
	struct tensor_set set;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	if (each != NULL && (per_class > 0 || columns > 0 || options_given(&gap) ||
				    strcmp(output, "-") != 0))
		die_usage("--each writes no sheet: --output, --per-class, --columns and --gap "
			  "say nothing");
	if (per_class > 0 && columns > 0)
		die_usage("--per-class and --columns exclude each other");
	if (own_range && ends != NULL)
		die_usage("--range and --own-range exclude each other");
	if (tensor_file_load(&set, path[0], NULL, &e) ||
		(is_kind(&set, "dataset") && dataset_take(&d, &set, path[0], &e)))
		die_err(&e);
	c.scale = (size_t)scale;
	c.gap = (size_t)gap;
	p.own_range = own_range;
	if (prepare(&p, &c, d.items > 0 ? &d.set : &set, &d, &e))
		die("\"%s\": %s", path[0], e.text);
	check_heat_map(&p, path[0]);
	if (show(&c, &e))
		die_err(&e);
	dataset_release(&d);
	tensor_set_release(&set);
	return 0;
}
