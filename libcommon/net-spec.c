/* SPDX-License-Identifier: ISC */
/* A recursive-descent parser: one function for each rule of the grammar in net-spec.h. */
#include "net-spec.h"

#include "err.h"
#include "size.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32
#define MAX_NUMBER 2147483647.0

struct parser {
	const char *text, *at;
	struct net_spec *net;
	int depth;
	struct err *err;
};

static int parse_seq(struct parser *p);

static void skip_blanks(struct parser *p)
{
	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (*p->at != '#')
			return;
		p->at += strcspn(p->at, "\n");
	}
}

static int fail_at(struct parser *p, const char *at, const char *what)
{
	return err_set(
		p->err, "net \"%.200s\", character %td: %s", p->text, at - p->text + 1, what);
}

static int fail(struct parser *p, const char *what)
{
	return fail_at(p, p->at, what);
}

/* The character, after white space; consumed if it is there. */
static int accept(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return 0;
	p->at++;
	skip_blanks(p);
	return 1;
}

static int parse_int(struct parser *p, size_t *value)
{
	const char *from = p->at;
	size_t v = 0;

	if (!isdigit((unsigned char)*p->at))
		return fail(p, "expected a whole number");
	for (; isdigit((unsigned char)*p->at); p->at++) {
		v = v * 10 + (size_t)(*p->at - '0');
		if ((double)v > MAX_NUMBER)
			return fail_at(p, from, "the number is too large");
	}
	if (v == 0)
		return fail_at(p, from, "expected a number above 0");
	*value = v;
	return 0;
}

/* How far a decimal reaches, with its exponent; strtod alone would take "inf" and "0x1p3" as
 * well. */
static size_t number_length(const char *at)
{
	size_t n = strspn(at, "0123456789."), sign;

	if (n == 0 || (at[n] != 'e' && at[n] != 'E'))
		return n;
	sign = at[n + 1] == '-' || at[n + 1] == '+';
	return n + 1 + sign + strspn(at + n + 1 + sign, "0123456789");
}

static int parse_number(struct parser *p, double *value)
{
	size_t n = number_length(p->at);
	char *end;

	*value = strtod(p->at, &end);
	if (n == 0 || end != p->at + n || *value > MAX_NUMBER)
		return fail(p, "expected a number");
	p->at = end;
	return 0;
}

static struct layer_spec *append(struct parser *p, const struct layer_kind *kind)
{
	struct layer_spec *l;

	if (p->net->layers == NET_MAX_LAYERS) {
		fail(p, "the net has over 1000 layers");
		return NULL;
	}
	l = &p->net->layer[p->net->layers++];
	memset(l, 0, sizeof *l);
	l->kind = kind;
	l->number = kind->number_default;
	return l;
}

static int append_fc(struct parser *p, size_t inputs, size_t outputs)
{
	struct layer_spec *l = append(p, layer_kind_find("fc", 2));

	if (l == NULL)
		return -1;
	l->number = (double)outputs;
	l->inputs = inputs;
	return 0;
}

/* mlp := INT "-" INT { "-" INT }, behind the first "-" */
static int parse_mlp(struct parser *p, size_t inputs)
{
	for (;;) {
		size_t outputs;

		if (parse_int(p, &outputs) || append_fc(p, inputs, outputs))
			return -1;
		if (!accept(p, '-'))
			return 0;
		if (append(p, layer_kind_find("relu", 4)) == NULL)
			return -1;
		inputs = outputs;
	}
}

static int parse_kernel(struct parser *p, struct layer_spec *l)
{
	size_t height, width;
	const char *from = p->at;

	if (!isdigit((unsigned char)*p->at))
		return l->kind->kernel ? fail(p, "expected a kernel such as 3x3") : 0;
	if (!l->kind->kernel)
		return fail(p, "this layer takes no kernel size");
	if (parse_int(p, &height))
		return -1;
	if (*p->at != 'x')
		return fail(p, "expected x and the kernel's width");
	p->at++;
	if (parse_int(p, &width))
		return -1;
	if (height > 1024 || width > 1024)
		return fail_at(p, from, "the kernel is larger than 1024");
	l->kernel[0] = (int)height;
	l->kernel[1] = (int)width;
	return 0;
}

static int parse_layer_number(struct parser *p, struct layer_spec *l)
{
	const char *from;

	if (*p->at != ':')
		return l->kind->number == LAYER_COUNT
			       ? fail(p, "expected : and a number of units")
			       : 0;
	if (l->kind->number == LAYER_NO_NUMBER)
		return fail(p, "this layer takes no number");
	from = ++p->at;
	if (parse_number(p, &l->number))
		return -1;
	if (l->kind->number == LAYER_COUNT && (l->number < 1 || l->number != floor(l->number)))
		return fail_at(p, from, "expected a whole number of units above 0");
	if (l->kind->number == LAYER_PROBABILITY && l->number >= 1)
		return fail_at(p, from, "expected a probability below 1");
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

static int parse_option(struct parser *p, struct layer_spec *l)
{
	const char *name = p->at;
	size_t length = 0;

	while (islower((unsigned char)name[length]))
		length++;
	if (length >= sizeof l->option[0].name || !is_option(l->kind, name, length))
		return fail(p, "this layer has no such option");
	if (l->options == LAYER_MAX_OPTIONS)
		return fail(p, "too many options");
	memcpy(l->option[l->options].name, name, length);
	p->at += length;
	if (*p->at == '=')
		p->at++;
	else if (!isdigit((unsigned char)*p->at))
		return l->options++, 0;
	return parse_number(p, &l->option[l->options++].value);
}

/* layer := KIND [INT "x" INT] [":" NUM] { "/" OPT [INT | "=" NUM] } */
static int parse_layer(struct parser *p)
{
	size_t length = 0;
	const struct layer_kind *kind;
	struct layer_spec *l;

	while (islower((unsigned char)p->at[length]))
		length++;
	kind = layer_kind_find(p->at, length);
	if (kind == NULL)
		return fail(p, "expected a layer: fc:UNITS, relu, tanh, drop:P, or sizes such "
			       "as 784-100-10");
	l = append(p, kind);
	if (l == NULL)
		return -1;
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

/* group := "(" seq ")", behind the "(" */
static int parse_group(struct parser *p)
{
	if (++p->depth > MAX_DEPTH)
		return fail(p, "the groups are nested too deeply");
	if (parse_seq(p))
		return -1;
	if (!accept(p, ')'))
		return fail(p, "expected ) or ,");
	p->depth--;
	return 0;
}

/* Writes the layers from `first` on `times` times in all. */
static int repeat(struct parser *p, int first, size_t times, const char *at)
{
	int count = p->net->layers - first;

	if ((size_t)count * times > (size_t)(NET_MAX_LAYERS - first))
		return fail_at(p, at, "the net has over 1000 layers");
	for (size_t i = 1; i < times; i++) {
		memcpy(p->net->layer + p->net->layers, p->net->layer + first,
			(size_t)count * sizeof *p->net->layer);
		p->net->layers += count;
	}
	return 0;
}

/* layer | group | mlp */
static int parse_unit(struct parser *p)
{
	size_t inputs;

	if (accept(p, '('))
		return parse_group(p);
	if (!isdigit((unsigned char)*p->at))
		return parse_layer(p);
	if (parse_int(p, &inputs))
		return -1;
	return accept(p, '-') ? parse_mlp(p, inputs) : fail(p, "expected - and the next size");
}

/* item := [ INT "*" ] ( layer | group | mlp ) */
static int parse_item(struct parser *p)
{
	const char *from = p->at;
	int first = p->net->layers;
	size_t number;

	if (!isdigit((unsigned char)*p->at))
		return parse_unit(p);
	if (parse_int(p, &number))
		return -1;
	if (accept(p, '-'))
		return parse_mlp(p, number);
	if (!accept(p, '*'))
		return fail(p, "expected - and the next size, or * and a layer");
	return parse_unit(p) ? -1 : repeat(p, first, number, from);
}

static int parse_seq(struct parser *p)
{
	do {
		skip_blanks(p);
		if (parse_item(p))
			return -1;
	} while (accept(p, ','));
	return 0;
}

int net_spec_parse(struct net_spec *s, const char *text, struct err *e)
{
	struct parser p = {text, text, s, 0, e};

	s->layers = 0;
	s->layer = size_alloc(NET_MAX_LAYERS, sizeof *s->layer, "the net", e);
	if (s->layer == NULL)
		return -1;
	if (parse_seq(&p))
		goto fail;
	if (*p.at != '\0') {
		fail(&p, "expected , or the end");
		goto fail;
	}
	return 0;
fail:
	net_spec_release(s);
	return -1;
}

void net_spec_release(struct net_spec *s)
{
	free(s->layer);
	s->layer = NULL;
	s->layers = 0;
}
