/* What the files of this room share: the ini's sections, what they say, and calendars. */
#ifndef INSTRUMENTS_PRIVATE_H
#define INSTRUMENTS_PRIVATE_H

#include "instruments/instruments.h"

/* ---- sections ------------------------------------------------------------------------------- */

typedef struct ini_pair {
    char *key, *value; /* without the blanks around them */
    guint line;
} ini_pair;

typedef struct ini_section {
    char *name;
    guint line;
    GArray *pairs; /* of ini_pair */
} ini_section;

/* The sections of a text in its order (of ini_section *), and every line that is none of the
 * file's into problems. NULL: too large. file: as it stands in messages. */
GPtrArray *ini_read(const char *file, const char *text, gsize length, failures *problems);

/* "FILE:LINE: [SECTION] KEY: "VALUE" is not valid (expected ...)", of a known key. Always FALSE. */
typedef struct ini_place {
    const char *file, *section; /* both escaped */
    failures *problems;
} ini_place;
gboolean ini_complain(const ini_place *place, const ini_pair *pair, const char *expected);

/* The items of "a, b, c" without blanks, NULL-terminated; NULL when one is empty. */
char **ini_items(const char *text);

/* ---- what is said of an instrument ---------------------------------------------------------- */

typedef enum fact {
    FACT_ASSET,
    FACT_ALIASES,
    FACT_CURRENCY,
    FACT_CALENDAR,
    FACT_TICK,
    FACT_LOT,
    FACT_PRICE_DECIMALS,
    FACT_MULTIPLIER,
    FACT_SECTOR,
    FACT_SINCE,
    FACT_FEE_PRESET,
    FACT_COUNT
} fact;

typedef struct facts {
    gboolean set[FACT_COUNT];
    char **aliases; /* upper case */
    char *aliases_text;
    qb_instrument values;
    const qb_fee_preset *fees;
} facts;

/* "tick" ...; FACT_COUNT for what is none. */
fact fact_from_key(const char *key);
/* Reads one key of a class (class_only) or an instrument into facts. calendars: of the file;
 * a calendar whose own section is wrong has a NULL item, which is no problem here. */
gboolean facts_read(facts *self, const ini_pair *pair, gboolean class_only,
                    const GHashTable *calendars, const ini_place *place);
/* Lays what is set over an instrument. */
void facts_apply(const facts *self, qb_instrument *instrument);
void facts_clear(facts *self);

/* ---- calendars ------------------------------------------------------------------------------ */

typedef struct calendar_source {
    instruments_reader read;
    gpointer data;
    const char *folder; /* that paths are relative to */
    failures *csv;      /* problems of the CSV files, told when the ini has none */
    GError **unread;    /* of a CSV that cannot be read at all: the first one */
} calendar_source;

#define CALENDAR_SECTION "calendar "
/* Makes the calendar of a section. NULL: a problem is among place->problems, source->csv or
 * source->unread. */
qb_calendar *calendar_make(const ini_section *section, const char *name,
                           const calendar_source *source, const ini_place *place,
                           char **out_origin);

/* The sessions of a CSV; NULL with problems or *error. */
typedef struct session_list {
    GArray *sessions; /* of qb_session */
    GArray *offsets;  /* of gint64, microseconds */
} session_list;
gboolean session_list_read(GBytes *bytes, const char *file, GTimeZone *zone, session_list *out,
                           failures *problems, GError **error);
void session_list_clear(session_list *list);

#endif
