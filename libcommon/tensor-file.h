/* SPDX-License-Identifier: ISC */
/*
 * Tensor files: safetensors, compressed with zstd (see tensor(5)).
 *
 *   u64-LE N | N bytes of JSON {name: {dtype, shape, data_offsets}, "__metadata__": {string:
 * string}} | the tensors' bytes, contiguous from 0 to the end
 *
 * compressed: frame 0 holds length and header, then frames of at most 1 MiB (a
 * tensor of 64 KiB or more starts a new one), last the seek table. A reader takes
 * files (random access, parallel decompression) and pipes (in order), compressed
 * or plain, told apart by their first bytes.
 *
 * Everything that a file declares is checked before it is believed: see
 * tests/data/README.md for what is refused.
 */
#ifndef TENSOR_FILE_H
#define TENSOR_FILE_H

#include "fingerprint.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct outfile;
struct workers;

#define TENSOR_MAX_RANK 8
#define TENSOR_LEVEL 1 /* zstd's level where nothing else is asked for */

enum tensor_dtype {
	TENSOR_BOOL,
	TENSOR_U8,
	TENSOR_I8,
	TENSOR_F8_E5M2,
	TENSOR_F8_E4M3,
	TENSOR_I16,
	TENSOR_U16,
	TENSOR_F16,
	TENSOR_BF16,
	TENSOR_I32,
	TENSOR_U32,
	TENSOR_F32,
	TENSOR_F64,
	TENSOR_I64,
	TENSOR_U64
};

/* "F32" and so on; bytes of one element. */
const char *tensor_dtype_name(enum tensor_dtype t);
size_t tensor_dtype_size(enum tensor_dtype t);

struct tensor {
	char *name;
	enum tensor_dtype dtype;
	int rank;
	size_t shape[TENSOR_MAX_RANK];
	size_t begin; /* where its bytes start, counted from the end of the header */
	size_t size;  /* in bytes */
	void *data;   /* NULL until loaded; row-major, little-endian, aligned to 64 */
};

/* The tensors and metadata of one file, in memory. Lists keep the order of the file. */
struct tensor_set {
	struct tensor *tensor;
	size_t tensors;
	char **meta; /* key, value, key, value ... */
	size_t metas;
	size_t bytes;  /* of all tensors */
	void *arena;   /* owns the loaded bytes; NULL where the data is the caller's */
	char *warning; /* what of the header was ignored (unknown fields), or NULL: see
			tensor_file_on_warning */
};

/* --- sets --- */

void tensor_set_init(struct tensor_set *s);
void tensor_set_release(struct tensor_set *s);

/* The tensor of this name, or NULL. */
struct tensor *tensor_set_find(const struct tensor_set *s, const char *name);

/* Adds a tensor that points to the caller's data (which must outlive the set). 0 or -1. */
int tensor_set_add(struct tensor_set *s, const char *name, enum tensor_dtype dtype, int rank,
	const size_t *shape, const void *data, struct err *e);

/* The metadata value of a key, or NULL; set copies both and replaces an older value. 0 or -1.
 */
const char *tensor_set_meta(const struct tensor_set *s, const char *key);
int tensor_set_put_meta(
	struct tensor_set *s, const char *key, const char *value, struct err *e);

/*
 * The set's fingerprint: XXH3-128 over the tensors sorted by name, of each: name, NUL, dtype's
 * name, NUL, and as u64-LE the rank, the dimensions, and high and low word of the XXH3-128 of
 * its bytes. Metadata does not count. The data must be loaded. 0 or -1 (out of memory).
 */
int tensor_set_fingerprint(const struct tensor_set *s, struct fingerprint *f, struct err *e);

/* The same where data[i] is the XXH3-128 of tensor i's bytes, which need not be in memory. */
int tensor_set_fingerprint_from(const struct tensor_set *s, const struct fingerprint *data,
	struct fingerprint *f, struct err *e);

/* --- files --- */

/*
 * Who is told of each file that is read and has a warning; NULL, as it is at first, for nobody.
 * Set once, before the first thread: options_parse does it for all tools.
 */
typedef void tensor_file_warn(const char *path, const char *text);
void tensor_file_on_warning(tensor_file_warn *f);

/*
 * Reads everything and checks every sum; "-" is standard input. `w` may be NULL
 * (one thread). 0, or -1 with the file's name in the text and s released.
 */
int tensor_file_load(struct tensor_set *s, const char *path, struct workers *w, struct err *e);

/*
 * Writes atomically and durably; compressed unless the name ends in .safetensors;
 * "-" is standard output. Tensors are laid out by alignment, then by name, as the
 * safetensors reference does. The same set gives the same bytes. 0 or -1.
 */
int tensor_file_save(const struct tensor_set *s, const char *path, int level, struct workers *w,
	struct err *e);

/*
 * The same without the end: opens *o, and leaves it to the caller to commit it, or to abort it.
 * 0, or -1 with nothing to do for the caller.
 */
int tensor_file_write(const struct tensor_set *s, struct outfile *o, const char *path,
	int level, struct workers *w, struct err *e);

/* --- parts of a file --- */

struct tensor_reader; /* opaque: the open file and zstd's state */

/* Reads and checks the header (and the seek table where there is one). NULL and text on
 * failure. */
struct tensor_reader *tensor_reader_open(const char *path, struct err *e);
void tensor_reader_close(struct tensor_reader *r);

/* The header; data pointers are NULL. Lives as long as the reader. */
const struct tensor_set *tensor_reader_header(const struct tensor_reader *r);

/*
 * Copies rows [from, to) along the first dimension of a tensor of the header to
 * `rows`. On a seekable file only the frames that hold them are read; on a pipe
 * rows must be asked for in the file's order. 0 or -1.
 */
int tensor_reader_rows(struct tensor_reader *r, const struct tensor *t, size_t from, size_t to,
	void *rows, struct err *e);

/* The same for n bytes of the tensor from its byte `from` on. */
int tensor_reader_bytes(struct tensor_reader *r, const struct tensor *t, size_t from,
	void *bytes, size_t n, struct err *e);

/*
 * Goes through the whole file in order, whatever was read before (a pipe must be fresh),
 * checks every sum, the seek table and that nothing follows. Each tensor's bytes are shown
 * to `visit` (which may be NULL) in parts of at most 1 MiB, whole elements each.
 */
typedef void tensor_visit(
	void *job, const struct tensor *t, size_t from, const void *bytes, size_t n);
int tensor_reader_scan(struct tensor_reader *r, tensor_visit *visit, void *job, struct err *e);

/* What the file is made of, for tensor-info. Sizes are 0 where a pipe does not tell them yet.
 */
struct tensor_file_shape {
	uint64_t packed;   /* bytes of the whole file */
	uint64_t unpacked; /* header and tensors */
	size_t frames;	   /* data frames; 0 for a plain file */
	int seekable;	   /* has a seek table */
};
struct tensor_file_shape tensor_reader_shape(const struct tensor_reader *r);

#endif
