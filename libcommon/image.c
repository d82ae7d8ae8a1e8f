/* SPDX-License-Identifier: ISC */
#include "image.h"

#include "bytes.h"
#include "err.h"
#include "outfile.h"
#include "size.h"

#include <inttypes.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define DEFLATE_RATIO 1032 /* no deflate stream unpacks to more times its length */
#define MAX_CHUNKS 64	   /* libpng's limits: ancillary chunks that it keeps, ... */
#define MAX_CHUNK 8000000  /* ... and the bytes of one of them */

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* What the callbacks and the steps between two setjmp share. */
struct job {
	png_structp png;
	png_infop info;
	const uint8_t *bytes; /* reading: the file, and how far */
	size_t n, next;
	struct outfile *out; /* writing */
	uint8_t *pixels;
	size_t width, height, row; /* row: bytes of one */
	int depth, type, interlace;
	struct err *e;
};

/* --- libpng's side: its errors end in guarded(), and nowhere else --- */

_Noreturn static void on_error(png_structp png, png_const_charp text)
{
	struct job *j = png_get_error_ptr(png);

	if (j->out == NULL)
		err_set(j->e, "is broken: %s", text);
	else if (j->e->text[0] == '\0')
		err_set(j->e, "cannot write a picture: %s", text);
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
	struct job *j = png_get_io_ptr(png);

	if (n > j->n - j->next)
		png_error(png, "it is cut short");
	memcpy(to, j->bytes + j->next, n);
	j->next += n;
}

static void on_write(png_structp png, png_bytep bytes, size_t n)
{
	struct job *j = png_get_io_ptr(png);

	if (outfile_write(j->out, bytes, n, j->e))
		png_error(png, "");
}

static void on_flush(png_structp png)
{
	(void)png;
}

/* setjmp has a function of its own, without variables that it could spoil. */
static int guarded(struct job *j, void (*step)(struct job *))
{
	if (setjmp(png_jmpbuf(j->png)))
		return -1;
	step(j);
	return 0;
}

/* Nothing but the picture matters; whatever is wrong with it is an error. */
static void start_reading(struct job *j)
{
	png_set_read_fn(j->png, j, on_read);
	png_set_keep_unknown_chunks(j->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
	png_set_crc_action(j->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
	png_set_benign_errors(j->png, 0);
	png_set_check_for_invalid_index(j->png, 0); /* put_palette does */
	png_set_user_limits(j->png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
	png_set_chunk_cache_max(j->png, MAX_CHUNKS);
	png_set_chunk_malloc_max(j->png, MAX_CHUNK);
	png_read_info(j->png, j->info);
	j->width = png_get_image_width(j->png, j->info);
	j->height = png_get_image_height(j->png, j->info);
	j->depth = png_get_bit_depth(j->png, j->info);
	j->type = png_get_color_type(j->png, j->info);
	j->interlace = png_get_interlace_type(j->png, j->info) != PNG_INTERLACE_NONE;
}

/* To 8 bits a sample: palette indices, grey, grey and alpha, RGB or RGBA. */
static void set_transformations(struct job *j)
{
	if (j->type == PNG_COLOR_TYPE_PALETTE)
		png_set_packing(j->png);
	else if (j->type == PNG_COLOR_TYPE_GRAY && j->depth < 8)
		png_set_expand_gray_1_2_4_to_8(j->png);
	if (j->type != PNG_COLOR_TYPE_PALETTE &&
		png_get_valid(j->png, j->info, PNG_INFO_tRNS) != 0)
		png_set_tRNS_to_alpha(j->png);
	if (j->depth == 16)
		png_set_scale_16(j->png);
	(void)png_set_interlace_handling(j->png);
	png_read_update_info(j->png, j->info);
	j->row = png_get_rowbytes(j->png, j->info);
}

static void read_rows(struct job *j)
{
	int passes = j->interlace ? PNG_INTERLACE_ADAM7_PASSES : 1;

	for (int pass = 0; pass < passes; pass++)
		for (size_t y = 0; y < j->height; y++)
			png_read_row(j->png, j->pixels + y * j->row, NULL);
	png_read_end(j->png, NULL);
}

static void write_rows(struct job *j)
{
	png_set_write_fn(j->png, j, on_write, on_flush);
	png_set_user_limits(j->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_set_IHDR(j->png, j->info, (png_uint_32)j->width, (png_uint_32)j->height, 8, j->type,
		PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(j->png, j->info);
	for (size_t y = 0; y < j->height; y++)
		png_write_row(j->png, j->pixels + y * j->row);
	png_write_end(j->png, NULL);
}

/* --- from libpng's samples to ours --- */

/* The samples of a pixel in their order, and alpha where there is one. */
static void put_pixel(const struct image_decoder *d, const uint8_t *sample, size_t samples,
	uint8_t alpha, uint8_t *to)
{
	unsigned rgb[3];

	for (size_t c = 0; c < 3; c++) {
		unsigned v = sample[samples < 3 ? 0 : c];

		rgb[c] = (v * alpha + d->background[c] * (255u - alpha) + 127) / 255;
	}
	if (d->channels == 1)
		to[0] = (uint8_t)((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >>
				  16);
	else
		for (size_t c = 0; c < 3; c++)
			to[c] = (uint8_t)rgb[c];
}

static void put_samples(const struct image_decoder *d, const struct job *j, struct image *i)
{
	size_t samples = j->row / j->width, pixels = j->width * j->height;
	bool alpha = samples == 2 || samples == 4;
	const uint8_t *from = d->raw;

	for (size_t p = 0; p < pixels; p++, from += samples)
		put_pixel(d, from, samples, alpha ? from[samples - 1] : 255,
			i->pixels + p * i->channels);
}

/* The palette as our pixels; its length. libpng has checked that it is there. */
static size_t read_palette(
	const struct image_decoder *d, const struct job *j, uint8_t table[256][3])
{
	png_colorp color = NULL;
	png_bytep alpha = NULL;
	int colors = 0, alphas = 0;

	png_get_PLTE(j->png, j->info, &color, &colors);
	if (png_get_tRNS(j->png, j->info, &alpha, &alphas, NULL) == 0)
		alphas = 0;
	for (int k = 0; k < colors; k++) {
		const uint8_t rgb[] = {color[k].red, color[k].green, color[k].blue};

		put_pixel(d, rgb, 3, k < alphas ? alpha[k] : 255, table[k]);
	}
	return (size_t)colors;
}

static int put_palette(
	const struct image_decoder *d, const struct job *j, struct image *i, struct err *e)
{
	size_t pixels = j->width * j->height, colors;
	uint8_t table[256][3], *to = i->pixels;

	colors = read_palette(d, j, table);
	for (size_t p = 0; p < pixels; p++, to += i->channels) {
		if (d->raw[p] >= colors)
			return err_set(e, "is broken: colour %d of a palette of %zu", d->raw[p],
				colors);
		memcpy(to, table[d->raw[p]], i->channels);
	}
	return 0;
}

/* --- decoding --- */

int image_make_room(uint8_t **bytes, size_t *room, size_t n, const char *what, struct err *e)
{
	if (n <= *room)
		return 0;
	free(*bytes);
	*room = 0;
	*bytes = size_alloc(n, 1, what, e);
	if (*bytes == NULL)
		return -1;
	*room = n;
	return 0;
}

/* Samples that are already what is wanted go where they belong at once. */
static int read_picture(struct image_decoder *d, struct job *j, struct image *i, struct err *e)
{
	size_t pixels = j->width * j->height;
	bool palette = j->type == PNG_COLOR_TYPE_PALETTE, direct;

	if (guarded(j, set_transformations))
		return -1;
	i->width = j->width;
	i->height = j->height;
	i->channels = d->channels;
	direct = !palette && j->row == j->width * d->channels;
	if (image_make_room(&i->pixels, &i->room, pixels * i->channels, "a picture", e) ||
		(!direct &&
			image_make_room(&d->raw, &d->room, j->row * j->height, "a picture", e)))
		return -1;
	j->pixels = direct ? i->pixels : d->raw;
	if (guarded(j, read_rows))
		return -1;
	if (palette)
		return put_palette(d, j, i, e);
	if (!direct)
		put_samples(d, j, i);
	return 0;
}

int image_decode(
	struct image_decoder *d, const uint8_t *png, size_t n, struct image *i, struct err *e)
{
	struct job j = {.bytes = png, .n = n, .e = e};
	struct image_info info;
	int bad;

	if (image_info(&info, png, n, n, e) || size_check(image_memory(&info), "a picture", e))
		return -1;
	j.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
	j.info = j.png == NULL ? NULL : png_create_info_struct(j.png);
	if (j.info == NULL)
		bad = err_set(e, "libpng does not start");
	else
		bad = guarded(&j, start_reading) || read_picture(d, &j, i, e);
	png_destroy_read_struct(&j.png, &j.info, NULL);
	return bad ? -1 : 0;
}

int image_write(const struct image *i, struct outfile *o, struct err *e)
{
	struct job j = {.out = o,
		.pixels = i->pixels,
		.width = i->width,
		.height = i->height,
		.row = i->width * i->channels,
		.type = i->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
		.e = e};
	int bad;

	e->text[0] = '\0';
	j.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
	j.info = j.png == NULL ? NULL : png_create_info_struct(j.png);
	if (j.info == NULL)
		bad = err_set(e, "libpng does not start");
	else
		bad = guarded(&j, write_rows);
	png_destroy_write_struct(&j.png, &j.info);
	return bad;
}

/* The least that the rows take unpacked; of a type that there is not, nothing. */
static size_t packed_rows(const struct image_info *info, uint8_t depth, uint8_t type)
{
	static const size_t samples[] = {1, 0, 3, 1, 2, 0, 4};
	size_t bits = type < sizeof samples / sizeof samples[0] ? samples[type] * depth : 0;

	return (info->width * bits + 7) / 8 * info->height;
}

int image_info(
	struct image_info *info, const uint8_t *png, size_t n, uint64_t length, struct err *e)
{
	if (n < sizeof signature || memcmp(png, signature, sizeof signature) != 0)
		return err_set(e, "is no PNG file");
	if (n < IMAGE_HEAD)
		return err_set(e, "is broken: it is cut short");
	if (bytes_be32(png + 8) != 13 || memcmp(png + 12, "IHDR", 4) != 0)
		return err_set(e, "is broken: it does not begin with IHDR");
	info->width = bytes_be32(png + 16);
	info->height = bytes_be32(png + 20);
	info->gray = (png[25] & 2) == 0;
	if (info->width == 0 || info->height == 0)
		return err_set(e, "is broken: it has no pixels");
	if (info->width > IMAGE_MAX_SIDE || info->height > IMAGE_MAX_SIDE)
		return err_set(e, "has %zu x %zu pixels; sides up to %d are supported",
			info->width, info->height, IMAGE_MAX_SIDE);
	if (packed_rows(info, png[24], png[25]) / DEFLATE_RATIO > length)
		return err_set(e,
			"is cut short: it declares %zu x %zu pixels in a file of %" PRIu64
			" bytes",
			info->width, info->height, length);
	return 0;
}

size_t image_memory(const struct image_info *info)
{
	return info->width * info->height * (4 + 3); /* raw with alpha, and RGB */
}

void image_release(struct image *i)
{
	free(i->pixels);
	*i = (struct image){0};
}

void image_decoder_release(struct image_decoder *d)
{
	free(d->raw);
	d->raw = NULL;
	d->room = 0;
}
