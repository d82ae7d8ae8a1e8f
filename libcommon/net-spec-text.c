/* SPDX-License-Identifier: ISC */
/* Nets written as the text that net-spec.c reads. */
#include "net-spec-parse.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_option(FILE *f, const char *name, double value)
{
	const struct net_option *o = net_option_find(name, strlen(name));
	char text[NUMBER_TEXT];

	fprintf(f, "/%s", name);
	if (o != NULL && o->value != NET_OPTION_BARE)
		fprintf(f, "%s%s", o->value == NET_OPTION_REAL ? "=" : "",
			number_text(value, text));
}

static void print_layer(FILE *f, const struct layer_spec *l)
{
	char text[NUMBER_TEXT];

	fputs(l->kind->name, f);
	if (l->kernel[0] > 0)
		fprintf(f, "%dx%d", l->kernel[0], l->kernel[1]);
	if (l->kind->number != LAYER_NO_NUMBER)
		fprintf(f, ":%s", number_text(l->number, text));
	for (int i = 0; i < l->options; i++)
		print_option(f, l->option[i].name, l->option[i].value);
}

static void print_item(FILE *f, const struct net_item *item)
{
	static const char *const between[] = {[NET_NEXT] = "|", [NET_CLOSE] = ")"};

	switch (item->type) {
	case NET_LAYER:
		print_layer(f, &item->layer);
		break;
	case NET_OPEN:
		fputs(item->layer.kind->join == '(' ? "(" : "+(", f);
		break;
	default:
		fputs(between[item->type], f);
	}
}

static char *finish(FILE *f, char **text)
{
	if (fclose(f) == 0)
		return *text;
	free(*text);
	return NULL;
}

char *net_spec_text(const struct net_spec *s)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (f == NULL)
		return NULL;
	for (int i = 0; i < s->items; i++) {
		const struct net_item *item = &s->item[i];
		enum net_item_type before = i > 0 ? item[-1].type : NET_OPEN;

		if ((before == NET_LAYER || before == NET_CLOSE) &&
			(item->type == NET_LAYER || item->type == NET_OPEN))
			fputc(',', f);
		print_item(f, item);
	}
	return finish(f, &text);
}

char *net_spec_layer_text(const struct layer_spec *l)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (f == NULL)
		return NULL;
	print_layer(f, l);
	return finish(f, &text);
}
