/* SPDX-License-Identifier: ISC */
/* Numbers as text, for metadata, JSON and nets. */
#ifndef NUMBER_H
#define NUMBER_H

#define NUMBER_TEXT 32

/* The shortest decimal that reads back as the same double (finite) into text, which is
 * returned. */
const char *number_text(double value, char text[NUMBER_TEXT]);

#endif
