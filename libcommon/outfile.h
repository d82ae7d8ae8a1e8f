/* SPDX-License-Identifier: ISC */
/*
 * An output file that appears whole or not at all: written under a temporary
 * name in the target's folder, then fsync, rename and fsync of the folder.
 * After a successful commit the file is complete and durable; after any kill
 * the old file or the new one is there. "-" is standard output, written as it comes,
 * unless it is a terminal, which is refused. One thread at a time opens files.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct outfile {
	int fd;		  /* -1 when closed */
	int slot;	  /* of its temporary; or -1 */
	uint64_t bytes;	  /* written so far */
	const char *path; /* as given; the caller keeps it alive */
	char *target;	  /* behind links; NULL for standard output and what is no regular
			     file (/dev/full) */
};

/* 0 or -1. An existing file keeps its contents until the commit, and the new one gets its mode
 * and, as far as the process may give them, its group and owner; else the umask decides. */
int outfile_open(struct outfile *o, const char *path, struct err *e);
/* Writes all n bytes; 0 or -1 with the path in the text. */
int outfile_write(struct outfile *o, const void *bytes, size_t n, struct err *e);
/* Ends the file durably and gives it its name: 0, or -1 with the temporary removed. */
int outfile_commit(struct outfile *o, struct err *e);
/*
 * The same for two that belong together: both are on the disk before either gets its name, no
 * signal ends the process between the names, and where the second one's fails, the first one's
 * is taken back (unless the file system cannot swap names, as NFS). One that was committed
 * before may be among them.
 */
int outfile_commit_both(struct outfile *first, struct outfile *second, struct err *e);
/*
 * For many files: the same without waiting for the disk, and then once for all that is in the
 * file system of a folder. 0 or -1.
 */
int outfile_commit_later(struct outfile *o, struct err *e);
int outfile_sync(const char *folder, struct err *e);
/* Closes and removes the temporary; harmless after a commit. */
void outfile_abort(struct outfile *o);

#endif
