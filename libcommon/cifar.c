/* SPDX-License-Identifier: ISC */
#include "cifar.h"

#include "err.h"
#include "infile.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

struct batch {
	uint8_t *bytes;
	size_t n;
};

static size_t labels_of(enum cifar_kind k)
{
	return k == CIFAR_100 ? 2 : 1;
}

static int is_whole(size_t n, enum cifar_kind k)
{
	return n > 0 && n % (CIFAR_PIXELS + labels_of(k)) == 0;
}

/* The lengths of both kinds have no common factor: only some 9 MB have both. */
static int settle_kind(struct cifar *c, size_t n, struct err *e)
{
	if (c->kind == CIFAR_UNKNOWN) {
		if (is_whole(n, CIFAR_10) && is_whole(n, CIFAR_100))
			return err_set(e, "may be of CIFAR-10 or of CIFAR-100 by its length");
		if (!is_whole(n, CIFAR_10) && !is_whole(n, CIFAR_100))
			return err_set(e,
				"is no batch of CIFAR: %zu bytes are no records of %zu or %zu",
				n, CIFAR_PIXELS + 1, CIFAR_PIXELS + 2);
		c->kind = is_whole(n, CIFAR_10) ? CIFAR_10 : CIFAR_100;
	}
	if (!is_whole(n, c->kind))
		return err_set(e, "is no batch of CIFAR-%d: %zu bytes are no records of %zu",
			c->kind, n, CIFAR_PIXELS + labels_of(c->kind));
	return 0;
}

static int take_label(uint8_t *to, uint8_t label, int classes, size_t record, struct err *e)
{
	*to = label;
	if (label < classes)
		return 0;
	return err_set(e, "record %zu has label %d of %d classes", record, label, classes);
}

/* Behind the items that are there already; arrays have room for it. */
static int take_batch(struct cifar *c, const struct batch *b, struct err *e)
{
	size_t labels = labels_of(c->kind), record = CIFAR_PIXELS + labels;

	for (size_t i = 0; i < b->n / record; i++, c->items++) {
		const uint8_t *p = b->bytes + i * record;

		if (labels == 2 && take_label(&c->coarse[c->items], p[0], CIFAR_COARSE, i, e))
			return -1;
		if (take_label(&c->label[c->items], p[labels - 1], (int)c->kind, i, e))
			return -1;
		memcpy(c->images + c->items * CIFAR_PIXELS, p + labels, CIFAR_PIXELS);
	}
	return 0;
}

static int allocate(struct cifar *c, const struct batch *b, size_t files, struct err *e)
{
	size_t items = 0;

	for (size_t i = 0; i < files; i++)
		items += b[i].n / (CIFAR_PIXELS + labels_of(c->kind));
	c->images = size_alloc(items, CIFAR_PIXELS, "the pictures", e);
	c->label = size_alloc(items, 1, "labels", e);
	if (c->kind == CIFAR_100)
		c->coarse = size_alloc(items, 1, "labels", e);
	if (c->images == NULL || c->label == NULL ||
		(c->kind == CIFAR_100 && c->coarse == NULL))
		return -1;
	return 0;
}

static int load(
	struct cifar *c, struct batch *b, const char *const *path, size_t files, struct err *e)
{
	struct fingerprint_state *sum;

	for (size_t i = 0; i < files; i++) {
		b[i].bytes = infile_all(path[i], size_limit() / 2, &b[i].n, e);
		if (b[i].bytes == NULL)
			return -1;
		if (settle_kind(c, b[i].n, e))
			return err_in(e, path[i]);
	}
	if (allocate(c, b, files, e))
		return -1;
	for (size_t i = 0; i < files; i++)
		if (take_batch(c, &b[i], e))
			return err_in(e, path[i]);
	sum = fingerprint_new();
	if (sum == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < files; i++)
		fingerprint_add(sum, b[i].bytes, b[i].n);
	c->fingerprint = fingerprint_finish(sum);
	return 0;
}

int cifar_load(struct cifar *c, enum cifar_kind kind, const char *const *path, size_t files,
	struct err *e)
{
	struct batch *b = size_alloc(files, sizeof *b, "the list of batches", e);
	int bad;

	*c = (struct cifar){.kind = kind};
	if (b == NULL)
		return -1;
	bad = load(c, b, path, files, e);
	for (size_t i = 0; i < files; i++)
		free(b[i].bytes);
	free(b);
	if (bad)
		cifar_release(c);
	return bad;
}

void cifar_release(struct cifar *c)
{
	free(c->images);
	free(c->label);
	free(c->coarse);
	*c = (struct cifar){0};
}
