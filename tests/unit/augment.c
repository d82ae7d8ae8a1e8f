/* SPDX-License-Identifier: ISC */
/* Shifts are uniform and reproducible; shifted pictures are where they should be. */
#include "augment.h"

#include "unit.h"

#include <math.h>
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
			struct shift s = augment_shift(7, i / 5000, i % 5000, jitter);

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
	int same[3] = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct shift s = augment_shift(1, 2, i, 2), again = augment_shift(1, 2, i, 2);
		struct shift other[3] = {augment_shift(2, 2, i, 2), augment_shift(1, 3, i, 2),
			augment_shift(1, 2, i + 1000, 2)};

		assert_true(s.dx == again.dx && s.dy == again.dy);
		for (int k = 0; k < 3; k++)
			same[k] += s.dx == other[k].dx && s.dy == other[k].dy;
	}
	/* One in 25 agrees by chance: 40 +- 6. */
	for (int k = 0; k < 3; k++)
		assert_in_range(same[k], 10, 80);
}

/* Each shift once, then again; another item, another order. */
static void views_show_every_shift(void **state)
{
	size_t same = 0;

	(void)state;
	for (uint32_t item = 0; item < 200; item++)
		for (int jitter = 1; jitter <= 3; jitter++) {
			uint32_t side = 2 * (uint32_t)jitter + 1, n = side * side;
			int seen[49] = {0};

			for (uint32_t v = 0; v < 2 * n; v++) {
				struct shift s = augment_view(5, v, item, jitter);
				struct shift other = augment_view(5, v, item + 1, jitter);

				assert_in_range(s.dx + jitter, 0, side - 1);
				assert_in_range(s.dy + jitter, 0, side - 1);
				seen[(s.dy + jitter) * (int)side + s.dx + jitter]++;
				check(v >= n || seen[(s.dy + jitter) * (int)side + s.dx +
							jitter] == 1,
					"item %u, jitter %d: view %u comes twice", item, jitter,
					v);
				same += jitter == 2 && s.dx == other.dx && s.dy == other.dy;
			}
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(seen[i], 2);
		}
	/* One of 25 by chance: 400 of 10,000 +- 5 * 20 and the orders' correlation. */
	assert_in_range(same, 200, 600);
	assert_int_equal(augment_view(5, 3, 7, 0).dx, 0);
}

static void no_jitter_is_no_shift(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		struct shift s = augment_shift(1, 0, i, 0);

		assert_true(s.dx == 0 && s.dy == 0);
	}
}

#define HEIGHT 4
#define WIDTH 5
#define CHANNELS 2
#define VALUES (CHANNELS * HEIGHT * WIDTH)

/* Three pictures of different bytes, none 0: so black can only come from outside. */
static struct dataset pictures(uint8_t image[3 * VALUES])
{
	for (size_t i = 0; i < 3 * VALUES; i++)
		image[i] = (uint8_t)(1 + i * 2);
	return (struct dataset){
		.items = 3, .shape = {CHANNELS, HEIGHT, WIDTH}, .images = image};
}

/* dx moves to the right, dy down: what is at (y, x) came from (y - dy, x - dx). */
static float pixel(const struct dataset *d, const struct preprocess *p, size_t item,
	struct shift s, int channel, int y, int x)
{
	int from_y = y - s.dy, from_x = x - s.dx;
	double byte = 0;

	if (from_y >= 0 && from_y < HEIGHT && from_x >= 0 && from_x < WIDTH)
		byte = d->images[item * VALUES +
				 (size_t)((channel * HEIGHT + from_y) * WIDTH + from_x)];
	return (float)((byte / 255 - p->mean) / p->sd);
}

static void check_picture(
	const struct dataset *d, const struct preprocess *p, size_t item, struct shift s)
{
	struct scaler scaler;
	float input[VALUES + 1];

	input[VALUES] = 99;
	scaler_init(&scaler, p);
	augment_item(d, &scaler, item, s, input);
	for (int c = 0; c < CHANNELS; c++)
		for (int y = 0; y < HEIGHT; y++)
			for (int x = 0; x < WIDTH; x++) {
				float got = input[(c * HEIGHT + y) * WIDTH + x];
				float expected = pixel(d, p, item, s, c, y, x);

				/* Four float operations on values below 4. */
				check(fabsf(got - expected) <= 1e-6f,
					"shift %d,%d: (%d,%d,%d) is %g, not %g", s.dx, s.dy, c,
					y, x, (double)got, (double)expected);
			}
	assert_true(input[VALUES] == 99); /* no further than the picture */
}

static void pictures_move(void **state)
{
	static const struct preprocess p[] = {{0, 1}, {0.1307, 0.3081}};
	uint8_t image[3 * VALUES];
	struct dataset d = pictures(image);

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t item = 0; item < 3; item++)
			for (int dy = -6; dy <= 6; dy++)
				for (int dx = -6; dx <= 6; dx++)
					check_picture(&d, &p[i], item, (struct shift){dx, dy});
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
	augment_item(&d, &scaler, 1, (struct shift){1, 1}, input);
	assert_true(input[0] == 0 && input[1] == -0.25f && input[2] == 499.75f);
	p = (struct preprocess){0, 1};
	scaler_init(&scaler, &p);
	augment_item(&d, &scaler, 0, (struct shift){0, 0}, input);
	assert_memory_equal(input, feature, sizeof input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts_are_uniform),
		cmocka_unit_test(shifts_depend_on_everything),
		cmocka_unit_test(views_show_every_shift),
		cmocka_unit_test(no_jitter_is_no_shift),
		cmocka_unit_test(pictures_move),
		cmocka_unit_test(features_do_not_move),
	};

	return cmocka_run_group_tests_name("augment", tests, NULL, NULL);
}
