/* SPDX-License-Identifier: ISC */
#include "mat.h"

#include "err.h"
#include "infile.h"
#include "mat-check.h"
#include "size.h"

#include <matio.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<H5Epublic.h>) /* where libmatio reads version 7.3 by HDF5 */
#include <H5Epublic.h>
#endif

#define MAX_NAME 64 /* MATLAB's names have at most 63 characters */

struct mat_file {
	mat_t *mat;
};

/* HDF5 prints what it fails at, line by line; libmatio returns it, too. */
static void silence_hdf5(void)
{
#ifdef H5E_DEFAULT
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
#endif
}

static int check(const char *path, struct err *e)
{
	struct infile file;
	int version = infile_open(&file, path, e);

	if (version == 0 && file.bytes == UINT64_MAX)
		version = err_set(e, "is no MAT file");
	else if (version == 0)
		version = mat_check(&file, e);
	infile_close(&file);
	if (version == MAT_HDF5)
		silence_hdf5();
	return version < 0 ? -1 : 0;
}

struct mat_file *mat_open(const char *path, struct err *e)
{
	struct mat_file *f = check(path, e) ? NULL : size_alloc(1, sizeof *f, "a file", e);

	if (f != NULL && (f->mat = Mat_Open(path, MAT_ACC_RDONLY)) != NULL)
		return f;
	if (f != NULL)
		err_set(e, "is no MAT file");
	free(f);
	err_in(e, path);
	return NULL;
}

void mat_close(struct mat_file *f)
{
	if (f != NULL)
		Mat_Close(f->mat);
	free(f);
}

/* The next name of a path like a.b.c; what is left of it, or NULL where the name is too long.
 */
static const char *next_name(const char *path, char name[MAX_NAME])
{
	size_t n = strcspn(path, ".");

	if (n == 0 || n >= MAX_NAME)
		return NULL;
	memcpy(name, path, n);
	name[n] = '\0';
	return path[n] == '.' ? path + n + 1 : path + n;
}

/* The field of `v` that the rest of the path leads to. It is a part of v. */
static matvar_t *find_field(matvar_t *v, const char *path, const char *rest, struct err *e)
{
	char name[MAX_NAME];

	while (v != NULL && *rest != '\0') {
		rest = next_name(rest, name);
		if (rest == NULL || v->class_type != MAT_C_STRUCT || v->rank != 2 ||
			v->dims == NULL || v->dims[0] != 1 || v->dims[1] != 1 ||
			v->data == NULL)
			v = NULL;
		else
			v = Mat_VarGetStructFieldByName(v, name, 0);
	}
	if (v == NULL)
		err_set(e, "has no array \"%.200s\"", path);
	return v;
}

static int find_dtype(const matvar_t *v, enum tensor_dtype *t)
{
	static const struct {
		enum matio_classes class;
		enum tensor_dtype dtype;
	} known[] = {{MAT_C_DOUBLE, TENSOR_F64}, {MAT_C_SINGLE, TENSOR_F32},
		{MAT_C_INT8, TENSOR_I8}, {MAT_C_UINT8, TENSOR_U8}, {MAT_C_INT16, TENSOR_I16},
		{MAT_C_UINT16, TENSOR_U16}, {MAT_C_INT32, TENSOR_I32},
		{MAT_C_UINT32, TENSOR_U32}, {MAT_C_INT64, TENSOR_I64},
		{MAT_C_UINT64, TENSOR_U64}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (v->class_type == known[i].class) {
			*t = known[i].dtype;
			return 0;
		}
	return -1;
}

static int describe(struct mat_array *a, const matvar_t *v, const char *path, struct err *e)
{
	size_t bytes;

	if (find_dtype(v, &a->dtype) || v->isComplex)
		return err_set(e, "\"%.200s\" is no array of real numbers", path);
	if (v->rank < 2 || v->rank > TENSOR_MAX_RANK || v->dims == NULL)
		return err_set(e, "\"%.200s\" has %d dimensions", path, v->rank);
	a->rank = v->rank;
	a->values = 1;
	for (int i = 0; i < a->rank; i++) {
		a->shape[i] = v->dims[i];
		if (size_mul(a->values, a->shape[i], &a->values))
			return err_set(e,
				"\"%.200s\" declares more values than there are "
				"addresses",
				path);
	}
	if (a->values == 0)
		return err_set(e, "\"%.200s\" is empty", path);
	if (size_mul(a->values, tensor_dtype_size(a->dtype), &bytes))
		return err_set(
			e, "\"%.200s\" declares more values than there are addresses", path);
	return size_check(bytes, path, e);
}

static int read_field(struct mat_file *f, struct mat_array *a, const char *path,
	const char *rest, struct err *e)
{
	matvar_t *v = find_field(a->owner, path, rest, e);

	if (v == NULL || describe(a, v, path, e))
		return -1;
	if (Mat_VarReadDataAll(f->mat, v) != 0 || v->data == NULL ||
		v->nbytes != a->values * tensor_dtype_size(a->dtype))
		return err_set(e, "\"%.200s\" cannot be read: the file is broken", path);
	a->data = v->data;
	return 0;
}

int mat_read(struct mat_file *f, const char *name, struct mat_array *a, struct err *e)
{
	char variable[MAX_NAME];
	const char *rest = next_name(name, variable);

	*a = (struct mat_array){0};
	if (rest != NULL)
		a->owner = Mat_VarReadInfo(f->mat, variable);
	if (a->owner == NULL)
		return err_set(e, "has no array \"%.200s\"", name);
	if (read_field(f, a, name, rest, e) == 0)
		return 0;
	mat_release(a);
	return -1;
}

void mat_release(struct mat_array *a)
{
	Mat_VarFree(a->owner);
	*a = (struct mat_array){0};
}
