/* SPDX-License-Identifier: ISC */
#include "augment.h"

#include "rng.h"
#include "vector.h"

int augment_any(const struct augment *a)
{
	return a->jitter > 0 || a->flip;
}

struct shift augment_shift(
	uint64_t seed, uint32_t epoch, uint32_t item, const struct augment *a)
{
	struct rng r = {seed, RNG_JITTER, epoch, item};
	uint32_t range = 2 * (uint32_t)a->jitter + 1;
	struct shift s = {0, 0, a->flip && rng_below(&r, 2, 2)};

	if (a->jitter > 0) {
		s.dx = (int)rng_below(&r, 0, range) - a->jitter;
		s.dy = (int)rng_below(&r, 1, range) - a->jitter;
	}
	return s;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Steps of a length that has no divisor in common with n meet each of n places once. */
struct shift augment_view(uint64_t seed, uint32_t view, uint32_t item, const struct augment *a)
{
	struct rng r = {seed, RNG_VIEW, 0, item};
	uint32_t range = 2 * (uint32_t)a->jitter + 1, shifts = range * range;
	uint32_t n = a->flip ? 2 * shifts : shifts, place, step;

	if (!augment_any(a))
		return (struct shift){0, 0, 0};
	step = 1 + rng_below(&r, 1, n - 1);
	while (common_divisor(step, n) != 1)
		step--;
	place = (uint32_t)((rng_below(&r, 0, n) + (uint64_t)view * step) % n);
	return (struct shift){(int)(place % range) - a->jitter,
		(int)(place % shifts / range) - a->jitter, place >= shifts};
}

void scaler_init(struct scaler *s, const struct preprocess *p)
{
	*s = (struct scaler){.gain = (float)(1 / (255 * p->sd)),
		.offset = (float)(-p->mean / p->sd),
		.mean = (float)p->mean,
		.sd = (float)p->sd};
}

VECTOR_CLONES static void scale_bytes(
	const struct scaler *s, const uint8_t *from, size_t n, float *restrict to)
{
	float gain = s->gain, offset = s->offset;

	for (size_t i = 0; i < n; i++)
		to[i] = (float)from[i] * gain + offset;
}

/* From right to left: from[n - 1] becomes to[0]. */
VECTOR_CLONES static void scale_mirrored(
	const struct scaler *s, const uint8_t *from, size_t n, float *restrict to)
{
	float gain = s->gain, offset = s->offset;

	for (size_t i = 0; i < n; i++)
		to[i] = (float)from[n - 1 - i] * gain + offset;
}

/* How much of a side of `length` stays in the picture when it moves by d, and where from. */
static size_t overlap(size_t length, int d, size_t *from, size_t *to)
{
	size_t distance = (size_t)(d < 0 ? -d : d);

	if (distance >= length)
		return 0;
	*from = d < 0 ? distance : 0;
	*to = d < 0 ? 0 : distance;
	return length - distance;
}

static void shift_picture(const struct shape *s, const uint8_t *from, struct shift by,
	const struct scaler *scaler, float *to)
{
	size_t values = shape_values(s);
	size_t from_x = 0, from_y = 0, to_x = 0, to_y = 0;
	size_t width = overlap(s->width, by.dx, &from_x, &to_x);
	size_t height = overlap(s->height, by.dy, &from_y, &to_y);

	if (width < s->width || height < s->height)
		for (size_t i = 0; i < values; i++)
			to[i] = scaler->offset;
	if (by.flip) /* what would be at from_x of the mirrored picture */
		from_x = s->width - from_x - width;
	for (size_t c = 0; width > 0 && c < s->channels; c++)
		for (size_t y = 0; y < height; y++)
			(by.flip ? scale_mirrored : scale_bytes)(scaler,
				from + (c * s->height + from_y + y) * s->width + from_x, width,
				to + (c * s->height + to_y + y) * s->width + to_x);
}

void augment_item(const struct dataset *d, const struct scaler *scaler, size_t item,
	struct shift s, float *input)
{
	size_t n = shape_values(&d->shape);

	if (d->features != NULL)
		for (size_t i = 0; i < n; i++)
			input[i] = (d->features[item * n + i] - scaler->mean) / scaler->sd;
	else if (s.dx == 0 && s.dy == 0 && !s.flip)
		scale_bytes(scaler, d->images + item * n, n, input);
	else
		shift_picture(&d->shape, d->images + item * n, s, scaler, input);
}
