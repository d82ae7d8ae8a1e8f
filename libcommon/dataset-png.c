/* SPDX-License-Identifier: ISC */
#include "dataset-png.h"

#include "bytes.h"
#include "err.h"
#include "image.h"
#include "infile.h"
#include "size.h"
#include "workers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What a worker keeps from picture to picture. */
struct desk {
	uint8_t *file;
	size_t room;
	struct image image;
	struct image_decoder decoder;
	struct image_resizer resizer;
};

struct job {
	struct dataset_png *p;
	struct image_info *info;	 /* [files] */
	struct fingerprint *fingerprint; /* [files] */
	struct desk *desk;		 /* [workers] */
	atomic_size_t first_bad, done;
	atomic_bool no_memory;
};

/* Keeps the text for its file, and the number of the first bad one. */
static void record(struct job *j, size_t i, struct err *e)
{
	size_t first = atomic_load(&j->first_bad);

	err_in(e, j->p->path[i]);
	j->p->why[i] = strdup(e->text);
	if (j->p->why[i] == NULL)
		atomic_store(&j->no_memory, true);
	while (i < first && !atomic_compare_exchange_weak(&j->first_bad, &first, i))
		continue;
}

/* Behind a bad picture there is nothing to do, unless it is only left out. */
static bool is_over(struct job *j, size_t i)
{
	return j->p->why[i] != NULL || (!j->p->skip_bad && i > atomic_load(&j->first_bad)) ||
	       atomic_load(&j->no_memory);
}

static void advance(struct job *j, int worker)
{
	size_t done = atomic_fetch_add(&j->done, 1) + 1;

	if (worker == 0 && j->p->progress != NULL)
		j->p->progress(done, j->p->files);
}

/* --- headers --- */

static int read_head(struct job *j, size_t i, struct err *e)
{
	uint8_t head[IMAGE_HEAD];
	struct infile f;
	size_t n;
	int bad;

	bad = infile_open_regular(&f, j->p->path[i], e) ||
	      infile_read(&f, head, sizeof head, &n, e) ||
	      image_info(&j->info[i], head, n, f.bytes, e);
	infile_close(&f);
	return bad;
}

static void head_task(void *job, size_t i, int worker)
{
	struct job *j = job;
	struct err e;

	(void)worker;
	if (!is_over(j, i) && read_head(j, i, &e))
		record(j, i, &e);
}

/* What stops the whole: the first bad picture, unless they are skipped. */
static int check_run(struct job *j, struct err *e)
{
	size_t first = atomic_load(&j->first_bad);

	if (atomic_load(&j->no_memory))
		return err_set(e, "out of memory");
	if (first < j->p->files && !j->p->skip_bad)
		return err_set(e, "%s", j->p->why[first]);
	return 0;
}

/* Size and channels of the result, and the largest picture, from all headers that are good. */
static int settle_shape(struct job *j, size_t *largest, struct err *e)
{
	struct dataset_png *p = j->p;
	bool color = p->color == DATASET_PNG_RGB, fixed = p->fit.width > 0;
	size_t first = p->files;

	for (size_t i = 0; i < p->files; i++) {
		const struct image_info *info = &j->info[i];

		if (p->why[i] != NULL)
			continue;
		if (first == p->files)
			first = i;
		if (image_memory(info) > *largest)
			*largest = image_memory(info);
		color = color || (p->color == DATASET_PNG_AUTO && !info->gray);
		if (!fixed && (info->width != j->info[first].width ||
				      info->height != j->info[first].height))
			return err_set(e,
				"\"%.300s\": has %zu x %zu pixels, but \"%.300s\" has %zu x "
				"%zu: a size for all is needed",
				p->path[i], info->width, info->height, p->path[first],
				j->info[first].width, j->info[first].height);
	}
	if (first == p->files)
		return err_set(e, "no picture is good; the first: %s", p->why[0]);
	if (!fixed) {
		p->fit.width = j->info[first].width;
		p->fit.height = j->info[first].height;
	}
	p->shape = (struct shape){color ? 3 : 1, p->fit.height, p->fit.width};
	return 0;
}

/* --- pictures --- */

static int allocate(struct job *j, size_t largest, struct err *e)
{
	struct dataset_png *p = j->p;
	size_t workers = (size_t)workers_count(p->workers), values, bytes, total, scratch;

	if (size_mul(p->shape.channels * p->shape.height, p->shape.width, &values) ||
		size_mul(values, p->files, &bytes) || size_mul(workers, largest, &scratch) ||
		size_add(bytes, scratch, &total))
		return err_set(e, "the pictures do not fit the address space");
	if (size_check(total, "the pictures", e))
		return -1;
	p->images = size_alloc(bytes, 1, "the pictures", e);
	j->desk = size_alloc(workers, sizeof *j->desk, "the workers' memory", e);
	if (p->images == NULL || j->desk == NULL)
		return -1;
	for (size_t w = 0; w < workers; w++) {
		j->desk[w].decoder.channels = p->shape.channels;
		memcpy(j->desk[w].decoder.background, p->background, sizeof p->background);
	}
	return 0;
}

static int read_file(struct desk *d, const char *path, size_t *n, struct err *e)
{
	struct infile f;
	int bad = infile_open_regular(&f, path, e) ||
		  image_make_room(&d->file, &d->room, (size_t)f.bytes, "a file", e) ||
		  infile_read(&f, d->file, (size_t)f.bytes, n, e);

	infile_close(&f);
	return bad;
}

static int read_picture(struct job *j, size_t i, struct desk *d, struct err *e)
{
	const struct image_info *info = &j->info[i];
	struct dataset_png *p = j->p;
	size_t n;

	if (read_file(d, p->path[i], &n, e) ||
		image_decode(&d->decoder, d->file, n, &d->image, e))
		return -1;
	if (d->image.width != info->width || d->image.height != info->height)
		return err_set(e, "changed while it was read");
	j->fingerprint[i] = fingerprint_of(d->file, n);
	return image_resize(
		&d->resizer, &d->image, &p->fit, p->images + i * shape_values(&p->shape), e);
}

static void picture_task(void *job, size_t i, int worker)
{
	struct job *j = job;
	struct err e;

	if (!is_over(j, i) && read_picture(j, i, &j->desk[worker], &e))
		record(j, i, &e);
	advance(j, worker);
}

/* Closes the gaps that skipped pictures leave. */
static int finish(struct job *j, struct err *e)
{
	struct dataset_png *p = j->p;
	struct fingerprint_state *sum = fingerprint_new();
	size_t values = shape_values(&p->shape);
	uint8_t words[16];

	if (sum == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < p->files; i++) {
		if (p->why[i] != NULL)
			continue;
		if (p->items < i)
			memmove(p->images + p->items * values, p->images + i * values, values);
		p->items++;
		bytes_put_le64(words, j->fingerprint[i].high);
		bytes_put_le64(words + 8, j->fingerprint[i].low);
		fingerprint_add(sum, words, sizeof words);
	}
	p->fingerprint = fingerprint_finish(sum);
	p->bad = p->files - p->items;
	if (p->items == 0)
		return err_set(e, "no picture is good; the first: %s", p->why[0]);
	return 0;
}

static int run(struct job *j, struct err *e)
{
	struct dataset_png *p = j->p;
	size_t largest = 0;

	p->why = size_alloc(p->files, sizeof *p->why, "the list of pictures", e);
	j->info = size_alloc(p->files, sizeof *j->info, "the list of pictures", e);
	j->fingerprint =
		size_alloc(p->files, sizeof *j->fingerprint, "the list of pictures", e);
	if (p->why == NULL || j->info == NULL || j->fingerprint == NULL)
		return -1;
	workers_run(p->workers, head_task, j, p->files);
	if (check_run(j, e) || settle_shape(j, &largest, e) || allocate(j, largest, e))
		return -1;
	workers_run(p->workers, picture_task, j, p->files);
	return check_run(j, e) || finish(j, e) ? -1 : 0;
}

static void release_desks(struct job *j)
{
	for (int w = 0; j->desk != NULL && w < workers_count(j->p->workers); w++) {
		free(j->desk[w].file);
		image_release(&j->desk[w].image);
		image_decoder_release(&j->desk[w].decoder);
		image_resizer_release(&j->desk[w].resizer);
	}
	free(j->desk);
}

int dataset_png_load(struct dataset_png *p, struct err *e)
{
	struct job j = {.p = p};
	int bad;

	atomic_init(&j.first_bad, p->files);
	bad = run(&j, e);
	release_desks(&j);
	free(j.info);
	free(j.fingerprint);
	if (bad)
		dataset_png_release(p);
	return bad;
}

void dataset_png_release(struct dataset_png *p)
{
	for (size_t i = 0; p->why != NULL && i < p->files; i++)
		free(p->why[i]);
	free(p->why);
	free(p->images);
	p->why = NULL;
	p->images = NULL;
	p->items = p->bad = 0;
}
