/* Text on a terminal: cleaned, measured, cut, coloured. */
#ifndef REPORTS_TEXT_PRIVATE_H
#define REPORTS_TEXT_PRIVATE_H

#include "reports/reports.h"

/* A copy without anything that could move the cursor. Caller frees. */
char *text_clean(const char *text);
/* At most `width` columns of a clean text, a mark at the end where something was cut, and what
 * the terminal's encoding lacks as '?'. Caller frees. */
char *text_fit(const char *text, int width, const report_style *style);
/* The text in its tone, to the stream; no padding. */
void text_print(const char *text, report_tone tone, const report_style *style, FILE *stream);
/* A line of `width` columns, and its end. */
void text_rule(int width, const report_style *style, FILE *stream);

/* "1,234.50": groups of three, and no minus before what rounds to zero. Caller frees. */
char *text_number(double value, int decimals);

#endif
