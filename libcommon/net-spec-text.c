/* SPDX-License-Identifier: ISC */
/* Nets written as the text that net-spec.c reads. */
#include "net-spec.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>

static void print_layer(FILE *f, const struct layer_spec *l)
{
	char text[NUMBER_TEXT];

	fputs(l->kind->name, f);
	if (l->kernel[0] > 0)
		fprintf(f, "%dx%d", l->kernel[0], l->kernel[1]);
	if (l->kind->number != LAYER_NO_NUMBER)
		fprintf(f, ":%s", number_text(l->number, text));
	for (int i = 0; i < l->options; i++) {
		fprintf(f, "/%s", l->option[i].name);
		if (l->option[i].value != 0)
			fprintf(f, "=%s", number_text(l->option[i].value, text));
	}
}

char *net_spec_text(const struct net_spec *s)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (f == NULL)
		return NULL;
	for (int i = 0; i < s->layers; i++) {
		if (i > 0)
			fputc(',', f);
		print_layer(f, &s->layer[i]);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
