/* SPDX-License-Identifier: ISC */
/* Products whose margins are left out, by every kernel that this CPU can run: the very bytes of
 * those that take all. Everything else that blocks do is sgemm's test. */
#include "sgemm-block.h"

#include "levels.h"
#include "product.h"

#define LISTS 32 /* MAX_LISTED of sgemm-block.c */

/* Margins as pictures have them: at a third of all k, and at more in some rows. */
static void clear_margins(struct product *p, size_t rows_alike)
{
	for (size_t i = 0; i < p->g.m; i++)
		for (size_t l = 0; l < p->g.k; l++)
			if (l % 28 < 9 || (i / rows_alike + l) % 5 == 0)
				p->a.value[p->g.transpose_a ? l * p->a.stride + i
							    : i * p->a.stride + l] =
					i % 2 ? 0.0f : -0.0f;
}

static void check_margins(const size_t shape[3], int kind)
{
	struct product p = product_new(shape, kind, 3);
	float *expected = floats(p.bytes / sizeof(float)), *panels;

	clear_margins(&p, 3);
	sgemm_run(&p.g);
	memcpy(expected, p.c.memory, p.bytes);
	panels = panels_of(&p.g, shape[1] / 2 / sgemm_panel_width() * sgemm_panel_width());
	for (int packed = 0; packed < 2; packed++) {
		struct sgemm g = p.g;

		g.margins = 1;
		g.panels = packed ? panels : NULL;
		memcpy(p.c.memory, p.before, p.bytes);
		sgemm_run(&g);
		check(memcmp(expected, p.c.memory, p.bytes) == 0,
			"%s %zux%zux%zu kind %d packed %d: other bytes without margins",
			sgemm_kernels(), shape[0], shape[1], shape[2], kind, packed);
	}
	free(panels);
	free(expected);
	product_free(&p);
}

static void same_bytes_without_margins(void **state)
{
	static const size_t shape[][3] = {{128, 250, 784}, {40, 250, 2570}, {1, 50, 9},
		{17, 100, 33}, {300, 60, 100}, {9, 1, 28}};

	(void)state;
	for (size_t l = 0; l < LEVELS; l++)
		for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
			for (int kind = 0; kind < 8 && sgemm_use(level[l]) == 0; kind++)
				check_margins(shape[i], kind);
}

/* As many tiles as there are lists for, of either height, and one row more. */
static void same_bytes_of_many_rows(void **state)
{
	(void)state;
	for (size_t l = 0; l < LEVELS; l++)
		for (size_t more = 0; more < 2 && sgemm_use(level[l]) == 0; more++) {
			const struct sgemm_level *u = sgemm_level();
			size_t low = u->rows * u->vectors / u->wide;

			for (int kind = 0; kind < 8; kind++) {
				check_margins((size_t[]){LISTS * u->rows + more,
						      u->vectors * u->lanes, 90},
					kind);
				check_margins(
					(size_t[]){LISTS * low + more, u->wide * u->lanes, 90},
					kind);
			}
		}
}

/* b is NaN where all of a is 0: that it does not show tells that it was left out. */
static void check_left_out(const size_t shape[3])
{
	struct product p = product_new(shape, 0, 0);

	clear_margins(&p, shape[0]);
	for (size_t l = 0; l < shape[2]; l++)
		for (size_t j = 0; j < shape[1] && (l % 28 < 9 || l % 5 == 0); j++)
			p.b.value[l * p.b.stride + j] = NAN;
	sgemm_run(&p.g);
	assert_true(isnan(p.c.value[0]));
	p.g.margins = 1;
	sgemm_run(&p.g);
	for (size_t i = 0; i < shape[0]; i++)
		for (size_t j = 0; j < shape[1]; j++)
			check(isfinite(p.c.value[i * p.c.stride + j]),
				"%s %zux%zux%zu: %zu, %zu is not finite", sgemm_kernels(),
				shape[0], shape[1], shape[2], i, j);
	product_free(&p);
}

static void margins_are_left_out(void **state)
{
	(void)state;
	for (size_t l = 0; l < LEVELS; l++)
		if (sgemm_use(level[l]) == 0) {
			const struct sgemm_level *u = sgemm_level();

			check_left_out((size_t[]){16, 96, 784});
			check_left_out((size_t[]){LISTS * u->rows, u->vectors * u->lanes, 100});
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_without_margins),
		cmocka_unit_test(same_bytes_of_many_rows),
		cmocka_unit_test(margins_are_left_out),
	};

	return cmocka_run_group_tests_name("sgemm-block", tests, NULL, NULL);
}
