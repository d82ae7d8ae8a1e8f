/* SPDX-License-Identifier: ISC */
/*
 * Whatever text a net has, reading it ends soon and in bounded memory: with a message that
 * points into it, or with a net that prints as what reads and prints the same, and that runs
 * where it is small.
 */
#include "net-spec.h"

#include "err.h"
#include "net.h"
#include "size.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY ((uint64_t)64 << 20)
#define SMALL ((size_t)1 << 20) /* bytes */
#define ITEMS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "net-spec: %s\n", what);
	abort();
}

/* One line, or three where it points into a text. */
static void require_message(const struct err *e)
{
	const char *line = strchr(e->text, '\n');

	require(e->text[0] != '\0' && strpbrk(e->text, "\r\t\x1b") == NULL,
		"an error unfit to print");
	if (line == NULL)
		return;
	require(strncmp(line + 1, "    ", 4) == 0, "no excerpt");
	line = strchr(line + 1, '\n');
	require(line != NULL && line[1 + strspn(line + 1, " ")] == '^', "no caret");
	require(strchr(line + 1, '\n') == NULL, "too many lines");
}

static char *print(const char *text)
{
	struct net_spec s;
	struct err e = {""};
	char *again;

	if (net_spec_parse(&s, text, &e)) {
		require(strchr(e.text, '\n') != NULL, "an error without a place");
		require_message(&e);
		return NULL;
	}
	require(s.layers > 0 && s.layers <= NET_MAX_LAYERS, "too many layers");
	again = net_spec_text(&s);
	require(again != NULL, "no text");
	net_spec_release(&s);
	return again;
}

/* Forward, backward and gradients of a few items, for what the sanitizers say of it. */
static void train(struct net *n)
{
	static const uint32_t item[ITEMS] = {7, 8, 9};
	size_t values = ITEMS * shape_values(&n->in), params = n->arena + 1;
	float *input = calloc(values, sizeof *input), *grad = calloc(params, sizeof *grad);
	struct batch b = {.n = ITEMS, .input = input, .item = item};
	struct err e;

	require(input != NULL && grad != NULL, "no memory");
	require(net_prepare(n, ITEMS, 1, &e) == 0, e.text);
	net_init(n, INITIALIZER_HE, 1);
	net_pack(n);
	net_start(n, &b, 1, 1);
	net_forward(n, NULL);
	memset(net_dlogits(n), 0, ITEMS * n->classes * sizeof *grad);
	net_backward(n);
	for (size_t i = 0; i < n->parts; i++) {
		float *at[LAYER_MAX_PARAMS];
		size_t from;

		for (int k = 0; k < n->part[i].layer->params; k++) {
			net_part_values(&n->part[i], k, &from);
			at[k] = grad + from;
		}
		net_gradient(n, &n->part[i], 0, at);
	}
	require(net_prepare(n, ITEMS, 0, &e) == 0, e.text);
	net_start(n, &b, 0, 1);
	net_forward(n, NULL);
	free(input);
	free(grad);
}

static void build(const char *text, struct workers *w)
{
	static const struct shape shape = {3, 8, 8};
	struct err e = {""};
	struct net *n = net_new(text, &shape, w, &e);

	if (n == NULL) {
		require_message(&e);
		return;
	}
	if (net_memory(n, ITEMS, 1) > 0 && net_memory(n, ITEMS, 1) < SMALL && n->macs < SMALL)
		train(n);
	net_free(n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct workers *w;
	char *text = malloc(size + 1), *once, *twice;
	struct err e;

	size_set_limit(MEMORY);
	if (w == NULL)
		w = workers_new(1, &e);
	require(text != NULL && w != NULL, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	once = print(text);
	if (once != NULL) {
		twice = print(once);
		require(twice != NULL && strcmp(once, twice) == 0, "prints as another net");
		build(text, w);
		free(twice);
	}
	free(once);
	free(text);
	return 0;
}
