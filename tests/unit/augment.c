/* SPDX-License-Identifier: ISC */
/* Shifts are uniform and reproducible; shifted pictures are where they should be. */
#include "augment.h"

#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Chi-squared over the (2 jitter + 1)^2 shifts; bounds are the 99.9 % quantiles for 8, 24 and
 * 80 degrees of freedom (seeds are fixed: they hold for ever or never). */
static void shifts_are_uniform(void **state)
{
	static const struct {
		int jitter;
		double bound;
	} cases[] = {{1, 26.1}, {2, 51.2}, {4, 124.8}};

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		int jitter = cases[c].jitter, side = 2 * jitter + 1, cells = side * side;
		unsigned count[81] = {0};
		double sum = 0, expected = 40000.0 / cells;

		for (uint32_t i = 0; i < 40000; i++) {
			struct shift s = augment_shift(
				7, i / 5000, i % 5000, &(struct augment){jitter, 0});

			assert_in_range(s.dx + jitter, 0, side - 1);
			assert_in_range(s.dy + jitter, 0, side - 1);
			count[(s.dy + jitter) * side + s.dx + jitter]++;
		}
		for (int i = 0; i < cells; i++)
			sum += (count[i] - expected) * (count[i] - expected) / expected;
		check(sum < cases[c].bound, "jitter %d: chi-squared %.1f", jitter, sum);
	}
}

/* A pure function of all of its arguments: over 1000 items, changing any one changes many. */
static void shifts_depend_on_everything(void **state)
{
	static const struct augment a = {2, 1};
	int same[3] = {0}, flips[3] = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct shift s = augment_shift(1, 2, i, &a), again = augment_shift(1, 2, i, &a);
		struct shift other[3] = {augment_shift(2, 2, i, &a), augment_shift(1, 3, i, &a),
			augment_shift(1, 2, i + 1000, &a)};

		assert_true(s.dx == again.dx && s.dy == again.dy && s.flip == again.flip);
		for (int k = 0; k < 3; k++) {
			same[k] += s.dx == other[k].dx && s.dy == other[k].dy;
			flips[k] += s.flip == other[k].flip;
		}
	}
	/* One in 25 agrees by chance, 40 +- 6, and one flip in two, 500 +- 16. */
	for (int k = 0; k < 3; k++) {
		assert_in_range(same[k], 10, 80);
		assert_in_range(flips[k], 430, 570);
	}
}

/* How often each shift comes in `views` views of an item, place by place; the one in the middle
 * of the first half is none. */
static void count_views(uint32_t item, const struct augment *a, uint32_t views, int seen[98])
{
	int side = 2 * a->jitter + 1;

	memset(seen, 0, 98 * sizeof *seen);
	for (uint32_t v = 0; v < views; v++) {
		struct shift s = augment_view(5, v, item, a);

		assert_in_range(s.dx + a->jitter, 0, side - 1);
		assert_in_range(s.dy + a->jitter, 0, side - 1);
		assert_true(s.flip == 0 || (a->flip && s.flip == 1));
		seen[(s.flip * side + s.dy + a->jitter) * side + s.dx + a->jitter]++;
	}
}

/* Each once, then again. */
static void views_show_every_shift(void **state)
{
	int seen[98];

	(void)state;
	for (uint32_t item = 0; item < 200; item++)
		for (int k = 1; k < 8; k++) {
			struct augment a = {k / 2, k % 2};
			uint32_t side = 2 * (uint32_t)a.jitter + 1;
			uint32_t n = side * side * (a.flip ? 2 : 1);

			count_views(item, &a, n / 2, seen);
			for (uint32_t i = 0; i < n; i++)
				check(seen[i] <= 1, "item %u, jitter %d: one comes twice", item,
					a.jitter);
			count_views(item, &a, 2 * n, seen);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(seen[i], 2);
		}
}

/* One of 25 agrees by chance: 400 of 10,000 +- 5 * 20 and the orders' correlation. */
static void views_differ_by_item(void **state)
{
	static const struct augment a = {2, 0};
	size_t same = 0;

	(void)state;
	for (uint32_t item = 0; item < 200; item++)
		for (uint32_t v = 0; v < 50; v++) {
			struct shift s = augment_view(5, v, item, &a),
				     other = augment_view(5, v, item + 1, &a);

			same += s.dx == other.dx && s.dy == other.dy;
		}
	assert_in_range(same, 200, 600);
}

/* Half of the pictures are mirrored, whatever their shift: 4 standard errors of 20,000. */
static void half_is_mirrored(void **state)
{
	static const struct augment alone = {0, 1}, shifted = {1, 1}, still = {1, 0};
	int flips = 0, right = 0, both = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct shift s = augment_shift(3, i / 1000, i % 1000, &alone);
		struct shift t = augment_shift(3, i / 1000, i % 1000, &shifted);
		struct shift u = augment_shift(3, i / 1000, i % 1000, &still);

		assert_true(s.dx == 0 && s.dy == 0 && s.flip == t.flip && u.flip == 0);
		assert_true(t.dx == u.dx && t.dy == u.dy);
		flips += s.flip;
		right += t.dx == 1;
		both += t.flip && t.dx == 1;
	}
	assert_in_range(flips, 10000 - 283, 10000 + 283);
	assert_in_range(right, 6667 - 267, 6667 + 267);
	assert_in_range(both, 3333 - 211, 3333 + 211);
}

static void nothing_is_no_shift(void **state)
{
	static const struct augment none = {0, 0};

	(void)state;
	assert_true(!augment_any(&none) && augment_any(&(struct augment){1, 0}) &&
		    augment_any(&(struct augment){0, 1}));
	for (uint32_t i = 0; i < 100; i++) {
		struct shift s = augment_shift(1, 0, i, &none);
		struct shift v = augment_view(1, 3, i, &none);

		assert_true(s.dx == 0 && s.dy == 0 && s.flip == 0);
		assert_true(v.dx == 0 && v.dy == 0 && v.flip == 0);
	}
}

/* The largest shift that is taken has places enough in 32 bits. */
static void the_largest_shift(void **state)
{
	static const struct augment a = {AUGMENT_MAX_JITTER, 1};
	int flips = 0, far = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct shift s = augment_view(1, i, 7, &a);

		assert_true(abs(s.dx) <= AUGMENT_MAX_JITTER && abs(s.dy) <= AUGMENT_MAX_JITTER);
		flips += s.flip;
		far += abs(s.dx) > AUGMENT_MAX_JITTER / 2;
	}
	assert_in_range(flips, 400, 600);
	assert_in_range(far, 400, 600);
}

#define MOST_VALUES 600

/* Pictures of different bytes, none 0: so black can only come from outside. */
static struct dataset pictures(const struct shape *shape, uint8_t image[3 * MOST_VALUES])
{
	for (size_t i = 0; i < 3 * MOST_VALUES; i++)
		image[i] = (uint8_t)(1 + i * 2 % 255);
	return (struct dataset){.items = 3, .shape = *shape, .images = image};
}

/* dx moves to the right, dy down: what is at (y, x) came from (y - dy, x - dx), counted from
 * the right where the picture is mirrored. */
static float pixel(const struct dataset *d, const struct preprocess *p, size_t item,
	struct shift s, int channel, int y, int x)
{
	int width = (int)d->shape.width, height = (int)d->shape.height;
	int from_y = y - s.dy, from_x = x - s.dx;
	double byte = 0;

	if (s.flip)
		from_x = width - 1 - from_x;
	if (from_y >= 0 && from_y < height && from_x >= 0 && from_x < width)
		byte = d->images[item * shape_values(&d->shape) +
				 (size_t)((channel * height + from_y) * width + from_x)];
	return (float)((byte / 255 - p->mean) / p->sd);
}

static void check_picture(
	const struct dataset *d, const struct preprocess *p, size_t item, struct shift s)
{
	int channels = (int)d->shape.channels, height = (int)d->shape.height,
	    width = (int)d->shape.width;
	size_t values = shape_values(&d->shape);
	struct scaler scaler;
	float input[MOST_VALUES + 1];

	input[values] = 99;
	scaler_init(&scaler, p);
	augment_item(d, &scaler, item, s, input);
	for (int c = 0; c < channels; c++)
		for (int y = 0; y < height; y++)
			for (int x = 0; x < width; x++) {
				float got = input[(c * height + y) * width + x];
				float expected = pixel(d, p, item, s, c, y, x);

				/* Four float operations on values below 4. */
				check(fabsf(got - expected) <= 1e-6f,
					"shift %d,%d,%d: (%d,%d,%d) is %g, not %g", s.dx, s.dy,
					s.flip, c, y, x, (double)got, (double)expected);
			}
	assert_true(input[values] == 99); /* no further than the picture */
}

/* Grey and RGB, wide and high, as wide as vectors and not, moved in part and quite away. */
static void pictures_move(void **state)
{
	static const struct shape shapes[] = {
		{2, 4, 5}, {3, 7, 4}, {1, 1, 6}, {1, 6, 1}, {3, 5, 39}};
	static const struct preprocess p[] = {{0, 1}, {0.1307, 0.3081}};
	uint8_t image[3 * MOST_VALUES];

	(void)state;
	for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
		struct dataset d = pictures(&shapes[k], image);

		for (int dy = -8; dy <= 8; dy++)
			for (int dx = -8; dx <= 8; dx++)
				for (int flip = 0; flip <= 1; flip++)
					check_picture(&d, &p[(dx + dy) & 1], k % 3,
						(struct shift){dx, dy, flip});
	}
}

static void features_do_not_move(void **state)
{
	static const float feature[6] = {1, -2, 3, 0.5f, 0, 1e3f};
	struct dataset d = {.items = 2, .shape = {3, 1, 1}, .features = feature};
	struct preprocess p = {0.5, 2};
	struct scaler scaler;
	float input[3];

	(void)state;
	scaler_init(&scaler, &p);
	augment_item(&d, &scaler, 1, (struct shift){1, 1, 1}, input);
	assert_true(input[0] == 0 && input[1] == -0.25f && input[2] == 499.75f);
	p = (struct preprocess){0, 1};
	scaler_init(&scaler, &p);
	augment_item(&d, &scaler, 0, (struct shift){0, 0, 0}, input);
	assert_memory_equal(input, feature, sizeof input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts_are_uniform),
		cmocka_unit_test(shifts_depend_on_everything),
		cmocka_unit_test(views_show_every_shift),
		cmocka_unit_test(views_differ_by_item),
		cmocka_unit_test(half_is_mirrored),
		cmocka_unit_test(nothing_is_no_shift),
		cmocka_unit_test(the_largest_shift),
		cmocka_unit_test(pictures_move),
		cmocka_unit_test(features_do_not_move),
	};

	return cmocka_run_group_tests_name("augment", tests, NULL, NULL);
}
