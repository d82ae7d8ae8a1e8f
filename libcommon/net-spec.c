/* SPDX-License-Identifier: ISC */
/* A recursive-descent parser: one function for each rule of the grammar in net-spec.h. */
#include "net-spec.h"

#include "err.h"
#include "net-spec-parse.h"
#include "size.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

#undef parse_fail
#undef parse_fail_at

int parse_fail_at(struct parser *p, const char *at, const char *expected)
{
	err_set(p->err, "%s", expected);
	return net_spec_blame(p->err, p->text, (size_t)(at - p->text));
}

int parse_fail(struct parser *p, const char *expected)
{
	return parse_fail_at(p, p->at, expected);
}

void parse_blanks(struct parser *p)
{
	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (*p->at != '#')
			return;
		p->at += strcspn(p->at, "\n");
	}
}

int parse_accept(struct parser *p, char c)
{
	parse_blanks(p);
	if (*p->at != c)
		return 0;
	p->at++;
	parse_blanks(p);
	return 1;
}

/* Room for `more` items, of which `layers` are layers, and one behind them. */
static int make_room(struct parser *p, int more, int layers, const char *at)
{
	size_t items = (size_t)(p->net->items + more), room = p->room;
	struct net_item *item;

	if (p->net->layers + layers > NET_MAX_LAYERS)
		return parse_fail_at(p, at, "the net has over 1000 layers");
	if (items > NET_MAX_ITEMS)
		return parse_fail_at(p, at, "the net has too many branches");
	while (room <= items)
		room = room > 0 ? 2 * room : FIRST_ROOM;
	if (room == p->room)
		return 0;
	item = realloc(p->net->item, room * sizeof *item);
	if (item == NULL)
		return err_set(p->err, "the net: out of memory");
	p->net->item = item;
	p->room = room;
	return 0;
}

struct net_item *parse_append(
	struct parser *p, enum net_item_type type, const struct layer_kind *kind)
{
	struct net_item *item;

	if (make_room(p, 1, kind != NULL, p->at))
		return NULL;
	item = &p->net->item[p->net->items++];
	*item = (struct net_item){.type = type, .at = (size_t)(p->at - p->text)};
	if (kind != NULL) {
		item->layer.kind = kind;
		item->layer.number = kind->number_default;
		p->net->layers++;
	}
	return item;
}

/* mlp := INT "-" INT { "-" INT }, behind the first "-"; `from` is where the first INT began. */
static int parse_mlp(struct parser *p, size_t inputs, const char *from)
{
	for (;;) {
		const char *next = p->at;
		struct net_item *item;
		size_t outputs;

		if (parse_int(p, 1, &outputs))
			return -1;
		item = parse_append(p, NET_LAYER, layer_kind_find("fc", 2));
		if (item == NULL)
			return -1;
		item->at = (size_t)(from - p->text);
		item->layer.number = (double)outputs;
		item->layer.inputs = inputs;
		if (!parse_accept(p, '-'))
			return 0;
		if (parse_append(p, NET_LAYER, layer_kind_find("relu", 4)) == NULL)
			return -1;
		inputs = outputs;
		from = next;
	}
}

/* A branch may be empty, a series may not. */
static int parse_branch(struct parser *p, int may_be_empty)
{
	parse_blanks(p);
	if (*p->at == '|' || (*p->at == ')' && may_be_empty))
		return 0;
	return parse_seq(p);
}

/* "(" seq ")" is no group: takes away the item that opened it. */
static void unwrap(struct parser *p, int open)
{
	struct net_item *item = p->net->item + open;

	p->net->items--;
	p->net->layers--;
	memmove(item, item + 1, (size_t)(p->net->items - open) * sizeof *item);
}

/* The branches and the ")" of a group that item `open` began with `sign`. */
static int parse_branches(struct parser *p, int open, char sign)
{
	int branches = 1;

	if (parse_branch(p, sign != '('))
		return -1;
	for (; parse_accept(p, '|'); branches++)
		if (parse_append(p, NET_NEXT, NULL) == NULL || parse_branch(p, 1))
			return -1;
	if (*p->at != ')')
		return parse_fail(p, "expected ) or , or |");
	if (branches == 1 && sign == '(')
		unwrap(p, open);
	else if (parse_append(p, NET_CLOSE, NULL) == NULL)
		return -1;
	else
		p->net->item[open].branches = branches;
	p->at++;
	return 0;
}

/* group := "(" seq ")" | [ "+" ] "(" [seq] {"|" [seq]} ")" */
static int parse_group(struct parser *p)
{
	char sign = *p->at;
	int open = p->net->items;

	if (++p->depth > PARSE_MAX_DEPTH)
		return parse_fail(p, "the groups are nested too deeply");
	if (parse_append(p, NET_OPEN, layer_join(sign)) == NULL)
		return -1;
	if (sign != '(')
		p->at++;
	if (!parse_accept(p, '('))
		return parse_fail(p, "expected ( and branches with | between them");
	if (parse_branches(p, open, sign))
		return -1;
	p->depth--;
	return 0;
}

/* Writes the items from `first` on `times` times in all; they have `layers` layers. */
static int repeat(struct parser *p, int first, int layers, size_t times, const char *at)
{
	int count = p->net->items - first, more = NET_MAX_ITEMS;

	if (times <= NET_MAX_ITEMS)
		more = (int)(times - 1);
	if (make_room(p, more * count, more * layers, at))
		return -1;
	for (int i = 0; i < more; i++) {
		memcpy(p->net->item + p->net->items, p->net->item + first,
			(size_t)count * sizeof *p->net->item);
		p->net->items += count;
		p->net->layers += layers;
	}
	return 0;
}

/* layer | group | call | mlp */
static int parse_unit(struct parser *p)
{
	const char *from = p->at;
	size_t inputs;

	if (*p->at == '@') {
		p->at++;
		return parse_call(p);
	}
	if (layer_join(*p->at) != NULL)
		return parse_group(p);
	if (!parse_at_number(p))
		return parse_layer(p);
	if (parse_int(p, 1, &inputs))
		return -1;
	return parse_accept(p, '-') ? parse_mlp(p, inputs, from)
				    : parse_fail(p, "expected - and the next size");
}

/* item := [ INT "*" ] ( layer | group | call | mlp ) */
static int parse_item(struct parser *p)
{
	const char *from = p->at;
	int items = p->net->items, layers = p->net->layers;
	size_t number;

	if (!parse_at_number(p))
		return parse_unit(p);
	if (parse_int(p, 1, &number))
		return -1;
	if (parse_accept(p, '-'))
		return parse_mlp(p, number, from);
	if (!parse_accept(p, '*'))
		return parse_fail(p, "expected - and the next size, or * and a layer");
	return parse_unit(p) ? -1 : repeat(p, items, p->net->layers - layers, number, from);
}

int parse_seq(struct parser *p)
{
	do {
		parse_blanks(p);
		if (parse_item(p))
			return -1;
	} while (parse_accept(p, ','));
	return 0;
}

static int parse_net(struct parser *p)
{
	if (strnlen(p->text, NET_MAX_TEXT + 1) > NET_MAX_TEXT)
		return parse_fail_at(p, p->text + NET_MAX_TEXT, "the net's text is too long");
	if (parse_definitions(p) || parse_seq(p))
		return -1;
	if (*p->at != '\0')
		return parse_fail(p, "expected , or the end");
	return parse_append(p, NET_END, NULL) == NULL ? -1 : 0;
}

int net_spec_parse(struct net_spec *s, const char *text, struct err *e)
{
	struct parser p = {.text = text, .at = text, .net = s, .err = e};

	*s = (struct net_spec){NULL, 0, 0};
	if (parse_net(&p)) {
		net_spec_release(s);
		return -1;
	}
	s->items--;
	return 0;
}

void net_spec_release(struct net_spec *s)
{
	free(s->item);
	*s = (struct net_spec){NULL, 0, 0};
}
