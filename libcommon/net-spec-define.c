/* SPDX-License-Identifier: ISC */
/* Definitions, which come before their calls: so none calls itself. */
#include "net-spec-parse.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* NAME := a letter, then letters, digits and "_"; 0 where none is next. */
static size_t name_length(const char *at)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*at))
		return 0;
	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	return n;
}

static int same_name(const struct parse_name *a, const struct parse_name *b)
{
	return a->length == b->length && memcmp(a->at, b->at, a->length) == 0;
}

static int parse_name(struct parser *p, struct parse_name *name, const char *expected)
{
	*name = (struct parse_name){p->at, name_length(p->at)};
	if (name->length == 0)
		return parse_fail(p, expected);
	p->at += name->length;
	return 0;
}

static const struct parse_definition *find(
	const struct parser *p, const struct parse_name *name)
{
	for (int i = 0; i < p->definitions; i++)
		if (same_name(&p->definition[i].name, name))
			return &p->definition[i];
	return NULL;
}

/* "(" NAME {"," NAME} ")", behind the "(" */
static int parse_parameters(struct parser *p, struct parse_definition *d)
{
	do {
		struct parse_name *name = &d->parameter[d->parameters];

		if (d->parameters == PARSE_MAX_PARAMETERS)
			return parse_fail(p, "a definition takes at most 8 parameters");
		if (parse_name(p, name, "expected a parameter's name"))
			return -1;
		for (int i = 0; i < d->parameters; i++)
			if (same_name(&d->parameter[i], name))
				return parse_fail_at(
					p, name->at, "the parameter is there already");
		d->parameters++;
	} while (parse_accept(p, ','));
	return parse_accept(p, ')') ? 0 : parse_fail(p, "expected , or )");
}

/* The body is read for its faults; what it makes is forgotten. */
static int check_body(struct parser *p, const struct parse_definition *d)
{
	int bad;

	p->call.of = d;
	p->defining = 1;
	bad = parse_seq(p);
	p->call.of = NULL;
	p->defining = 0;
	p->net->items = p->net->layers = 0;
	return bad;
}

/* def := NAME [ "(" NAME {"," NAME} ")" ] "=" seq, and ";" */
static int parse_definition(struct parser *p)
{
	struct parse_definition *d = &p->definition[p->definitions];

	if (p->definitions == PARSE_MAX_DEFINITIONS)
		return parse_fail(p, "the net has over 64 definitions");
	if (parse_name(p, &d->name, "expected a definition's name"))
		return -1;
	if (find(p, &d->name) != NULL)
		return parse_fail_at(p, d->name.at, "this name is defined already");
	if (parse_accept(p, '(') && parse_parameters(p, d))
		return -1;
	if (!parse_accept(p, '='))
		return parse_fail(p, "expected = and what is defined");
	d->body = p->at;
	if (check_body(p, d))
		return -1;
	p->definitions++;
	return parse_accept(p, ';') ? 0 : parse_fail(p, "expected , or ; and the net");
}

/* NAME and then "=" or "(", which follow no layer's name. */
static int at_definition(const struct parser *p)
{
	struct parser ahead = {.at = p->at + name_length(p->at)};

	if (ahead.at == p->at)
		return 0;
	parse_blanks(&ahead);
	return *ahead.at == '=' || *ahead.at == '(';
}

int parse_definitions(struct parser *p)
{
	parse_blanks(p);
	while (at_definition(p))
		if (parse_definition(p))
			return -1;
	return 0;
}

static int parse_arguments(struct parser *p, struct parse_call *call, const char *from)
{
	char text[64];
	int n = 0;

	if (parse_accept(p, '(')) {
		do {
			if (n == PARSE_MAX_PARAMETERS)
				return parse_fail(p, "a definition takes at most 8 parameters");
			if (parse_number(p, &call->argument[n++]))
				return -1;
		} while (parse_accept(p, ','));
		if (!parse_accept(p, ')'))
			return parse_fail(p, "expected , or )");
	}
	if (n == call->of->parameters)
		return 0;
	snprintf(text, sizeof text, "expected %d argument%s", call->of->parameters,
		call->of->parameters == 1 ? "" : "s");
	return parse_fail_at(p, from, text);
}

int parse_call(struct parser *p)
{
	struct parse_call call = {NULL, {0}}, outer = p->call;
	const char *from = p->at, *behind;
	struct parse_name name;

	if (parse_name(p, &name, "expected the name of a definition"))
		return -1;
	call.of = find(p, &name);
	if (call.of == NULL)
		return parse_fail_at(p, from, "expected a name that is defined before");
	if (parse_arguments(p, &call, from))
		return -1;
	if (p->defining) /* it was looked at when it was defined */
		return 0;
	if (++p->depth > PARSE_MAX_DEPTH)
		return parse_fail_at(p, from, "the calls are nested too deeply");
	behind = p->at;
	p->call = call;
	p->at = call.of->body;
	if (parse_seq(p))
		return -1;
	p->at = behind;
	p->call = outer;
	p->depth--;
	return 0;
}

/* The longest parameter that begins the text: in $kx$k the first is k. */
int parse_argument(struct parser *p, double *value)
{
	const struct parse_definition *d = p->call.of;
	size_t length = 0;

	for (int i = 0; d != NULL && i < d->parameters; i++) {
		const struct parse_name *name = &d->parameter[i];

		if (name->length > length && strncmp(p->at + 1, name->at, name->length) == 0) {
			length = name->length;
			*value = p->defining ? 1 : p->call.argument[i];
		}
	}
	if (length == 0)
		return parse_fail(p, d != NULL ? "expected a parameter of this definition"
					       : "$ has a meaning in definitions only");
	p->at += 1 + length;
	return 0;
}
