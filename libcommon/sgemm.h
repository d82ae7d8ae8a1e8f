/* SPDX-License-Identifier: ISC */
/*
 * Matrix products in float, in the calling thread, for the shapes that nets have.
 *
 * An element of c is one chain of multiply-adds in the order of k, whatever the product's
 * shape, wherever the element lies in it, and whether b was packed before:
 *
 *     x = add ? c[i][j] : 0
 *     x = fma(a[i][p], b[p][j], x)    for p = 0, 1, ... k - 1
 *
 * So a product may be cut between rows and between columns in any way, and its bytes stay
 * the same (with `margins`, see below, but for the signs of zeros). The kernels for AVX-512 and
 * AVX2 and those for arm64 give the same bytes. The portable ones round each product before it
 * is added on CPUs that cannot do otherwise (x86-64 without AVX2 and FMA), and so differ in the
 * last places.
 *
 * With `margins`, k at which some rows of a are all 0 are left out where that spares time: the
 * values are the same as long as b is finite. Of a sum that is 0, for its products are too
 * small for a float, the sign may be another, and another in another cut: whose bytes are to be
 * the same adds 0 to it, as layer-fc.c does.
 */
#ifndef SGEMM_H
#define SGEMM_H

#include <stddef.h>

struct err;

/* c[m][n] = a . b, or += with `add`; all row-major. c overlaps neither a nor b. */
struct sgemm {
	size_t m, n, k;
	const float *a; /* [m][k], or [k][m] with transpose_a */
	const float
		*b; /* [k][n], or [n][k] with transpose_b; not read where panels are given */
	float *c;
	size_t lda, ldb, ldc; /* values from one stored row to the next */
	int transpose_a, transpose_b, add;
	int margins; /* whether a's rows may be 0 at the same k, as pictures are at their edges
		      */
	const float *panels; /* b, packed by sgemm_pack; NULL: as b tells */
	const float
		*next; /* the panels of the next product, to be fetched meanwhile; or NULL */
};

/* Cannot fail: what it packs and lists goes to 470 KB that each thread has, and 20 KB of the
 * stack. */
void sgemm_run(const struct sgemm *g);

/*
 * The packed form of b is worth making where b is multiplied more than once, or by several
 * workers. It is [panel][k][width]: the n columns are cut into panels of `width` columns, a
 * row of a panel is contiguous, and the last panel is filled up with zeros. Whoever
 * has other means may fill it without sgemm_pack. The columns from a multiple of the width
 * on are a packed matrix of their own, which begins at from / width * k * width.
 */
size_t sgemm_panel_width(void);
#define SGEMM_MAX_WIDTH 64 /* at most */

/* How many floats the packed form of a [k][n] b takes. SIZE_MAX where that is too large. */
size_t sgemm_panel_values(size_t n, size_t k);

/*
 * Packs columns [from,to) and rows [k_from,k_to) of g's b ([k][n], n and k being g's) into
 * `panels`, which is the whole packed form. Of g are read: n, k, b, ldb, transpose_b. `from` is
 * a multiple of the width; so is `to`, or it is n. Several workers may pack parts of one b.
 */
void sgemm_pack(const struct sgemm *g, size_t from, size_t to, size_t k_from, size_t k_to,
	float *panels);

/* to[k][rows] = from[rows][k], transposed. */
void sgemm_transpose(
	const float *from, size_t ld, size_t rows, size_t k, float *to, size_t width);

/*
 * Dot products of some rows with some units' rows: sum[unit][row] += their product over n
 * values of each item, n a multiple of SGEMM_DOT_LANES. A sum has so many lanes, one chain of
 * multiply-adds each, which are added at the end, lane i and lane i + 8, i + 4, i + 2, i + 1:
 * its bytes depend on n and the items alone. Neither operand needs packing, as all are read
 * along the summed index.
 */
#define SGEMM_DOT_LANES 16
#define SGEMM_DOT_ROWS 9
#define SGEMM_DOT_UNITS 3

struct sgemm_dots {
	size_t rows, units; /* at least 1; rows at most sgemm_dot_rows() */
	const float *row[SGEMM_DOT_ROWS], *unit[SGEMM_DOT_UNITS];
	size_t n, items;
	size_t row_item, unit_item; /* values from one item to the next */
	float *sum;
	size_t sum_unit; /* from one unit's sums to the next one's; a row's are side by side */
};

/* How many rows a call may have: up to SGEMM_DOT_ROWS. */
size_t sgemm_dot_rows(void);
void sgemm_dots(const struct sgemm_dots *d);

/*
 * The kernels in use: avx512, avx2 or portable. The first call of any function here chooses
 * them for the process: what POTSTILL_KERNELS names (see sgemm_check), else the best that the
 * CPU can run.
 */
const char *sgemm_kernels(void);

/* -1, and what there is, where POTSTILL_KERNELS names none that this CPU can run. */
int sgemm_check(struct err *e);

/* What the bytes of a product depend on, for lineages: "fused" multiply-adds, or "rounded" ones
 * that the portable kernels do on x86-64. */
const char *sgemm_arithmetic(void);

/* Changes the kernels, for tests: -1 where there are none of that name or the CPU lacks what
 * they need. Not while another thread multiplies; what was packed before is of no use then. */
int sgemm_use(const char *name);

#endif
