/* SPDX-License-Identifier: ISC */
/*
 * Dot products of some rows with some others, part of sgemm-tile.h. Sums are in
 * SGEMM_DOT_LANES lanes for all levels, so that they are the same: as many vectors as make
 * these.
 */
#define PARTS (SGEMM_DOT_LANES / LANES)

typedef float eight __attribute__((vector_size(32)));
typedef float four __attribute__((vector_size(16)));

TARGET INLINE void add_lanes(const vector sum[PARTS], float *to)
{
	union {
		vector part[PARTS];
		eight half[2];
	} lane;
	eight halves;
	four quarters;
	size_t i;

	EACH (i, PARTS)
		lane.part[i] = sum[i];
	halves = lane.half[0] + lane.half[1];
	quarters = __builtin_shufflevector(halves, halves, 0, 1, 2, 3) +
		   __builtin_shufflevector(halves, halves, 4, 5, 6, 7);
	*to += (quarters[0] + quarters[2]) + (quarters[1] + quarters[3]);
}

/* rows and units are constants where this is inlined. */
TARGET INLINE void dots(const struct sgemm_dots *d, size_t rows, size_t units)
{
	vector sum[DOT_ROWS][SGEMM_DOT_UNITS][PARTS];
	size_t i, j, p;

	if (rows > DOT_ROWS)
		return;
	EACH (i, rows)
		EACH (j, units)
			EACH (p, PARTS)
				sum[i][j][p] = (vector)SPLAT(0);
	for (size_t item = 0; item < d->items; item++) {
		const float *row[DOT_ROWS], *unit[SGEMM_DOT_UNITS];

		EACH (i, rows)
			row[i] = d->row[i] + item * d->row_item;
		EACH (j, units)
			unit[j] = d->unit[j] + item * d->unit_item;
		for (size_t k = 0; k < d->n; k += SGEMM_DOT_LANES)
			EACH (p, PARTS) {
				vector other[SGEMM_DOT_UNITS];

				EACH (j, units)
					other[j] = *(const stored *)(unit[j] + k + p * LANES);
				EACH (i, rows) {
					vector v = *(const stored *)(row[i] + k + p * LANES);

					IN_REGISTER(v);

					EACH (j, units)
						sum[i][j][p] =
							MULTIPLY_ADD(v, other[j], sum[i][j][p]);
				}
			}
	}
	EACH (i, rows)
		EACH (j, units)
			add_lanes(sum[i][j], d->sum + j * d->sum_unit + i);
}

TARGET static void run_dots(const struct sgemm_dots *d)
{
	switch (d->rows * 4 + d->units) {
#define SIZES(rows) \
	case (rows)*4 + 1: \
		dots(d, rows, 1); \
		break; \
	case (rows)*4 + 2: \
		dots(d, rows, 2); \
		break; \
	case (rows)*4 + 3: \
		dots(d, rows, 3); \
		break
		SIZES(1);
		SIZES(2);
		SIZES(3);
		SIZES(4);
		SIZES(5);
		SIZES(6);
		SIZES(7);
		SIZES(8);
		SIZES(9);
#undef SIZES
	default:
		break;
	}
}
