/* Findings: one list of places for each kind, bounded, with how grave it is and what to do. */
#include "cache/findings-private.h"

typedef struct file_info {
    const char *text;
    qb_severity severity;
    const char *suggestion;
} file_info;

static const file_info infos[] = {
    [FILE_DAMAGED] = {"damaged", QB_SEVERITY_ERROR,
                      "import or fetch all of that month again; data verify --set-aside moves it "
                      "away, so that the rest can be read"},
    [FILE_UNFIT] = {"unfit", QB_SEVERITY_ERROR,
                    "a foreign file that cannot be read as bars: correct it where it was written; "
                    "data verify --fix sorts its rows and drops repetitions"},
    [FILE_MANIFEST] = {"manifest", QB_SEVERITY_ERROR,
                       "restore it from a backup; data verify --set-aside moves it away and makes "
                       "one from the files that are sound"},
    [FILE_LINK] = {"link", QB_SEVERITY_ERROR, "put the file itself in the link's place"},
    [FILE_LEDGER] = {"ledger", QB_SEVERITY_ERROR,
                     "correct gaps.json, or remove it: only what was said of holes is lost"},
    [FILE_OWNER] = {"wrong-owner", QB_SEVERITY_ERROR,
                    "the file says it is of another series: move it there, then import this month "
                    "again"},
    [FILE_COUNT] = {"wrong-count", QB_SEVERITY_WARNING,
                    "the calendar has changed since it was written: data verify --fix counts anew"},
    [FILE_REUSE] = {"ticker-reuse", QB_SEVERITY_WARNING,
                    "these bars are another company's under this symbol: start after them"},
    [FILE_FOREIGN] = {"foreign", QB_SEVERITY_NOTE,
                      "not in manifest.json, so only page checksums protect it: data verify --fix "
                      "takes it in"},
    [FILE_HALF_WRITTEN] = {"half-written", QB_SEVERITY_NOTE,
                           "a write ended half way; the file is sound, and the next write or data "
                           "verify --fix settles it"},
    [FILE_SET_ASIDE] = {"set-aside", QB_SEVERITY_NOTE,
                        "kept beside the file that took its place; data gc --damaged removes it"},
    [FILE_NOT_READ] = {"not-read", QB_SEVERITY_NOTE,
                       "no month of this cache (expected names such as 2020/2020-03.parquet)"},
};

static void free_place(gpointer data)
{
    cache_place *place = data;
    g_free(place->file);
    g_free(place->text);
    g_free(place);
}

static void free_finding(gpointer data)
{
    cache_finding *finding = data;
    g_ptr_array_unref(finding->places);
    g_free(finding);
}

cache_findings *cache_findings_new(void)
{
    cache_findings *self = g_new0(cache_findings, 1);
    self->items = g_ptr_array_new_with_free_func(free_finding);
    return self;
}

void cache_findings_free(cache_findings *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->items);
    g_free(self);
}

/* Kinds are static texts, so that one address is one kind. */
static cache_finding *finding_of(cache_findings *self, const char *kind, qb_severity severity,
                                 const char *suggestion)
{
    for (guint i = 0; i < self->items->len; i++) {
        cache_finding *found = g_ptr_array_index(self->items, i);
        if (found->kind == kind)
            return found;
    }
    cache_finding *made = g_new0(cache_finding, 1);
    *made = (cache_finding){.kind = kind,
                            .severity = severity,
                            .suggestion = suggestion,
                            .places = g_ptr_array_new_with_free_func(free_place)};
    g_ptr_array_add(self->items, made);
    return made;
}

void finding_add_place(cache_finding *self, const cache_place *place)
{
    if (self->places->len >= CACHE_PLACES)
        return;
    cache_place *copy = g_new(cache_place, 1);
    *copy = *place;
    copy->file = g_strdup(place->file);
    copy->text = g_strdup(place->text);
    g_ptr_array_add(self->places, copy);
}

void findings_add_rows(cache_findings *self, file_finding kind, const cache_place *place)
{
    const file_info *info = &infos[kind];
    cache_finding *finding = finding_of(self, info->text, info->severity, info->suggestion);
    finding->count++;
    finding->rows += place->rows;
    self->counts[info->severity]++;
    finding_add_place(finding, place);
}

void findings_add_file(cache_findings *self, file_finding kind, const char *file, const char *text)
{
    const cache_place place = {.file = (char *)file, .text = (char *)text};
    findings_add_rows(self, kind, &place);
}

cache_finding *findings_add_defects(cache_findings *self, qb_defect_kind kind, gsize count,
                                    gsize rows)
{
    const qb_severity severity = bars_unfit(kind) ? QB_SEVERITY_ERROR : qb_defect_severity(kind);
    cache_finding *finding = finding_of(self, qb_defect_text(kind), severity,
                                        qb_defect_suggestion(kind));
    finding->count += count;
    finding->rows += rows;
    self->counts[severity] += count;
    return finding;
}

static int compare_findings(gconstpointer a, gconstpointer b)
{
    const cache_finding *x = *(const cache_finding *const *)a;
    const cache_finding *y = *(const cache_finding *const *)b;
    return (int)y->severity - (int)x->severity;
}

/* The sort is stable (GLib, since 2.32). */
void findings_sort(cache_findings *self)
{
    g_ptr_array_sort(self->items, compare_findings);
}
