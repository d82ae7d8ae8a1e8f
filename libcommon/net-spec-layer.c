/* SPDX-License-Identifier: ISC */
/* Layers of a net's text, and the numbers in it. */
#include "net-spec-parse.h"

#include "number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_KERNEL 1024

static const struct net_option options[] = {{"s", NET_OPTION_COUNT}, {"p", NET_OPTION_FROM_0},
	{"g", NET_OPTION_COUNT}, {"e", NET_OPTION_REAL}, {"m", NET_OPTION_REAL},
	{"same", NET_OPTION_BARE}, {"valid", NET_OPTION_BARE}, {"ceil", NET_OPTION_BARE},
	{"nobias", NET_OPTION_BARE}};

const struct net_option *net_option_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strlen(options[i].name) == length &&
			strncmp(options[i].name, name, length) == 0)
			return &options[i];
	return NULL;
}

int parse_at_number(const struct parser *p)
{
	return isdigit((unsigned char)*p->at) || *p->at == '$';
}

int parse_number(struct parser *p, double *value)
{
	const char *end;

	if (*p->at == '$')
		return parse_argument(p, value);
	end = *p->at == '-' || *p->at == '+' ? NULL : number_read(p->at, value);
	if (end == NULL || *value > PARSE_MAX_NUMBER)
		return parse_fail(p, "expected a number");
	p->at = end;
	return 0;
}

static int parse_digits(struct parser *p, double *value)
{
	const char *from = p->at;

	if (!isdigit((unsigned char)*p->at))
		return parse_fail(p, "expected a whole number");
	for (*value = 0; isdigit((unsigned char)*p->at); p->at++) {
		*value = *value * 10 + (*p->at - '0');
		if (*value > PARSE_MAX_NUMBER)
			return parse_fail_at(p, from, "the number is too large");
	}
	return 0;
}

int parse_int(struct parser *p, size_t least, size_t *value)
{
	const char *from = p->at;
	double v = 0;

	if (*p->at == '$' ? parse_argument(p, &v) : parse_digits(p, &v))
		return -1;
	if (v < (double)least || v != floor(v))
		return parse_fail_at(p, from,
			least > 0 ? "expected a whole number above 0"
				  : "expected a whole number");
	*value = (size_t)v;
	return 0;
}

static int parse_kernel(struct parser *p, struct layer_spec *l)
{
	size_t height, width;
	const char *from = p->at;

	if (!parse_at_number(p))
		return l->kind->kernel ? parse_fail(p, "expected a kernel such as 3x3") : 0;
	if (!l->kind->kernel)
		return parse_fail(p, "this layer takes no kernel size");
	if (parse_int(p, 1, &height))
		return -1;
	if (*p->at != 'x')
		return parse_fail(p, "expected x and the kernel's width");
	p->at++;
	if (parse_int(p, 1, &width))
		return -1;
	if (height > MAX_KERNEL || width > MAX_KERNEL)
		return parse_fail_at(p, from, "the kernel is larger than 1024");
	l->kernel[0] = (int)height;
	l->kernel[1] = (int)width;
	return 0;
}

static int parse_layer_number(struct parser *p, struct layer_spec *l)
{
	const char *from;

	if (*p->at != ':')
		return l->kind->number == LAYER_COUNT
			       ? parse_fail(p, "expected : and a number of units")
			       : 0;
	if (l->kind->number == LAYER_NO_NUMBER)
		return parse_fail(p, "this layer takes no number");
	from = ++p->at;
	if (parse_number(p, &l->number))
		return -1;
	if (p->defining && *from == '$')
		return 0;
	if (l->kind->number == LAYER_COUNT && (l->number < 1 || l->number != floor(l->number)))
		return parse_fail_at(p, from, "expected a whole number of units above 0");
	if (l->kind->number == LAYER_PROBABILITY && l->number >= 1)
		return parse_fail_at(p, from, "expected a probability below 1");
	if (l->kind->number == LAYER_SLOPE && l->number >= 1)
		return parse_fail_at(p, from, "expected a slope below 1");
	return 0;
}

static int is_option(const struct layer_kind *kind, const char *name, size_t length)
{
	for (const char *word = kind->options; *word != '\0'; word += strspn(word, " ")) {
		size_t n = strcspn(word, " ");

		if (n == length && strncmp(word, name, n) == 0)
			return 1;
		word += n;
	}
	return 0;
}

static int parse_option_value(struct parser *p, const struct net_option *o, double *value)
{
	size_t whole;
	int equals = *p->at == '=';

	if (o->value == NET_OPTION_BARE)
		return equals || parse_at_number(p)
			       ? parse_fail(p, "this option takes no number")
			       : 0;
	p->at += equals;
	if (o->value == NET_OPTION_REAL)
		return equals ? parse_number(p, value)
			      : parse_fail(p, "expected = and a number");
	if (parse_int(p, o->value == NET_OPTION_COUNT, &whole))
		return -1;
	*value = (double)whole;
	return 0;
}

static int is_given(const struct layer_spec *l, const struct net_option *o)
{
	for (int i = 0; i < l->options; i++)
		if (strcmp(l->option[i].name, o->name) == 0)
			return 1;
	return 0;
}

/* OPT [INT | "=" NUM] */
static int parse_option(struct parser *p, struct layer_spec *l)
{
	size_t length = strspn(p->at, "abcdefghijklmnopqrstuvwxyz");
	const struct net_option *o = net_option_find(p->at, length);
	char text[128];

	if (o == NULL || !is_option(l->kind, p->at, length)) {
		snprintf(text, sizeof text, "expected an option of %s: %s", l->kind->name,
			*l->kind->options != '\0' ? l->kind->options : "it has none");
		return parse_fail(p, text);
	}
	if (is_given(l, o) || l->options == LAYER_MAX_OPTIONS)
		return parse_fail(p, "the option is given twice");
	snprintf(l->option[l->options].name, sizeof l->option[0].name, "%s", o->name);
	p->at += length;
	return parse_option_value(p, o, &l->option[l->options++].value);
}

static int fail_kind(struct parser *p)
{
	char text[256];
	int n = snprintf(text, sizeof text, "expected a layer (");

	for (const struct layer_kind *const *k = layer_kinds(); *k != NULL; k++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", (*k)->name,
			k[1] != NULL ? ", " : "");
	snprintf(text + n, sizeof text - (size_t)n,
		"), a group in ( ), or sizes such as 784-100-10");
	return parse_fail(p, text);
}

/* layer := KIND [INT "x" INT] [":" NUM] { "/" OPT [INT | "=" NUM] } */
int parse_layer(struct parser *p)
{
	size_t letters = strspn(p->at, "abcdefghijklmnopqrstuvwxyz"), length = letters;
	const struct layer_kind *kind;
	struct layer_spec *l;
	struct net_item *item;

	/* Digits are a kernel's, but for those of relu6. */
	length += strspn(p->at + letters, "0123456789");
	kind = layer_kind_find(p->at, length);
	if (kind == NULL)
		kind = layer_kind_find(p->at, length = letters);
	if (kind == NULL)
		return fail_kind(p);
	item = parse_append(p, NET_LAYER, kind);
	if (item == NULL)
		return -1;
	l = &item->layer;
	p->at += length;
	if (parse_kernel(p, l) || parse_layer_number(p, l))
		return -1;
	while (*p->at == '/') {
		p->at++;
		if (parse_option(p, l))
			return -1;
	}
	return 0;
}
