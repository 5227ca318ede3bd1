/* Collecting what a verification meets. */
#ifndef CACHE_FINDINGS_PRIVATE_H
#define CACHE_FINDINGS_PRIVATE_H

#include "cache/cache-private.h"

/* What is wrong with files rather than bars. */
typedef enum file_finding {
    FILE_DAMAGED,
    FILE_UNFIT,
    FILE_MANIFEST,
    FILE_LINK,
    FILE_LEDGER,
    FILE_OWNER,
    FILE_COUNT,
    FILE_REUSE,
    FILE_FOREIGN,
    FILE_HALF_WRITTEN,
    FILE_SET_ASIDE,
    FILE_NOT_READ,
} file_finding;

/* Each takes a place's fields: file and text are copied. */
void findings_add_file(cache_findings *self, file_finding kind, const char *file, const char *text);
void findings_add_rows(cache_findings *self, file_finding kind, const cache_place *place);
/* A kind of defect as a whole: how often it is there, and then up to CACHE_PLACES of them. */
cache_finding *findings_add_defects(cache_findings *self, qb_defect_kind kind, gsize count,
                                    gsize rows);
void finding_add_place(cache_finding *self, const cache_place *place);
/* Errors first, in order of arrival else. */
void findings_sort(cache_findings *self);

#endif
