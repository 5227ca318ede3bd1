/* Between the engine and a loaded strategy: notes where the strategy's code is, so that a crash in
 * it, or a call of exit, ends the process with one line that says which and where.
 *
 * The functions of qb_strategy are not told which strategy they belong to, so each loaded one has a
 * slot with functions of its own; EACH_SLOT makes them. A place is noted per thread, and nothing
 * but plain stores stands between the engine and the strategy. The handler uses only what is safe
 * in one, on a stack of its own: recursion without end is caught too. */
#include "loader/loader-private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOT_COUNT 16
#define STACK_BYTES ((gsize)64 * 1024)
#define LINE_BYTES 1024

/* ---- where the code is ----------------------------------------------------------------------- */

typedef struct place {
    const char *file;     /* as typed; NULL: not in a strategy */
    const char *name;     /* of the strategy; NULL while it is loaded */
    const char *function; /* "on_bar" */
    const qb_context *context;
    const qb_instrument *instruments;
    guint32 instrument;
} place;

static _Thread_local volatile place here;

static inline place swap(place to)
{
    const place before = here;
    here = to;
    return before;
}

/* ---- the line -------------------------------------------------------------------------------- */

typedef struct line {
    char text[LINE_BYTES];
    gsize length;
} line;

static void append(line *line, const char *text)
{
    for (; *text != '\0' && line->length < LINE_BYTES - 1; text++)
        line->text[line->length++] = (unsigned char)*text < ' ' ? '?' : *text;
}

static void append_bar(line *line, const place *at)
{
    const qb_history *history = &at->context->history[at->instrument];
    char time[QB_TIME_TEXT];
    append(line, " at ");
    append(line, at->instruments[at->instrument].symbol);
    if (history->count == 0)
        return;
    append(line, ", bar ");
    append(line, qb_time_to_text(history->ts_us[history->count - 1], time));
}

/* Ends the process: what was being written to the run log was never committed. */
G_NORETURN static void end(const char *how)
{
    const place at = here;
    line line = {.length = 0};
    append(&line, "quantbot: error: strategy ");
    append(&line, at.name != NULL ? at.name : at.file);
    if (at.name != NULL) {
        append(&line, " (");
        append(&line, at.file);
        append(&line, ")");
    }
    append(&line, how);
    append(&line, at.function);
    if (at.context != NULL)
        append_bar(&line, &at);
    append(&line, "; nothing of the run was stored");
    line.text[line.length++] = '\n';
    if (write(STDERR_FILENO, line.text, line.length) < 0) {
        /* There is nobody left to tell. */
    }
    _exit(FAILURE_INTERNAL);
}

/* ---- signals --------------------------------------------------------------------------------- */

static const struct {
    int signal;
    const char *text;
} caught[] = {
    {SIGSEGV, " crashed (SIGSEGV, memory that is not its own, or too deep a recursion) in "},
    {SIGBUS, " crashed (SIGBUS, memory that is not there) in "},
    {SIGFPE, " crashed (SIGFPE, a whole number divided by zero) in "},
    {SIGILL, " crashed (SIGILL, no instruction) in "},
    {SIGABRT, " aborted in "},
};
static struct sigaction earlier[G_N_ELEMENTS(caught)];

static void on_crash(int signal, siginfo_t *info, void *machine)
{
    gsize which = 0;
    while (which < G_N_ELEMENTS(caught) - 1 && caught[which].signal != signal)
        which++;
    if (here.file != NULL)
        end(caught[which].text);
    /* Not ours to explain: the instruction is met again with the handler that was there before. */
    sigaction(signal, &earlier[which], NULL);
    if (signal == SIGABRT)
        raise(signal);
}

static void on_exit_called(void)
{
    if (here.file != NULL)
        end(" called exit in ");
}

static void install(void)
{
    static gsize installed;
    if (!g_once_init_enter(&installed))
        return;
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(caught); i++)
        sigaction(caught[i].signal, &action, &earlier[i]);
    atexit(on_exit_called);
    g_once_init_leave(&installed, 1);
}

static void free_stack(gpointer memory)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    g_free(memory);
}

/* A stack for the handler, of each thread that runs strategies. */
static void prepare_thread(void)
{
    static GPrivate stack = G_PRIVATE_INIT(free_stack);
    if (g_private_get(&stack) != NULL)
        return;
    void *memory = g_malloc(STACK_BYTES);
    const stack_t own = {.ss_sp = memory, .ss_size = STACK_BYTES};
    sigaltstack(&own, NULL);
    g_private_set(&stack, memory);
}

void guard_enter_loading(const char *path)
{
    install();
    prepare_thread();
    here = (place){.file = path, .function = "its loading"};
}

void guard_leave_loading(void)
{
    here = (place){0};
}

/* ---- the functions --------------------------------------------------------------------------- */

typedef struct slot {
    qb_strategy shown; /* what the engine gets */
    qb_strategy inner; /* what was loaded */
    const qb_strategy *loaded;
    char *file;
} slot;

static slot slots[SLOT_COUNT]; /* nothing that is loaded is ever unloaded */
static GMutex slots_lock;

/* The state that the engine keeps for us. */
typedef struct guarded {
    const slot *slot;
    const qb_instrument *instruments;
    void *state;
} guarded;

static inline place place_of(const slot *slot, const char *function)
{
    return (place){.file = slot->file, .name = slot->inner.name, .function = function};
}

static inline place place_at(const guarded *self, const char *function, const qb_context *context,
                             guint32 instrument)
{
    return (place){
        .file = self->slot->file,
        .name = self->slot->inner.name,
        .function = function,
        .context = context,
        .instruments = self->instruments,
        .instrument = instrument,
    };
}

static const char *guard_check(const slot *slot, const double *params)
{
    const place before = swap(place_of(slot, "check"));
    const char *problem = slot->inner.check(params);
    swap(before);
    return problem;
}

static size_t guard_warmup(const slot *slot, const double *params)
{
    const place before = swap(place_of(slot, "warmup"));
    const size_t bars = slot->inner.warmup(params);
    swap(before);
    return bars;
}

/* The loaded one is set up by its own struct, as if nothing stood before it. */
typedef struct lent_setup {
    qb_setup base; /* first */
    const qb_setup *outer;
} lent_setup;

static void *lent_alloc(const qb_setup *setup, size_t count, size_t size)
{
    const qb_setup *outer = ((const lent_setup *)setup)->outer;
    return outer->alloc(outer, count, size);
}

static qb_status guard_init(const slot *slot, const qb_setup *setup, void **out_state)
{
    guarded *self = setup->alloc(setup, 1, sizeof *self);
    if (self == NULL)
        return QB_NO_MEMORY;
    prepare_thread();
    *self = (guarded){.slot = slot, .instruments = setup->instruments};
    lent_setup lent = {.base = *setup, .outer = setup};
    lent.base.alloc = lent_alloc;
    lent.base.strategy = slot->loaded;
    const place before = swap(place_of(slot, "init"));
    const qb_status status = slot->inner.init(&lent.base, &self->state);
    swap(before);
    if (status == QB_OK)
        *out_state = self;
    return status;
}

static void guard_on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const guarded *self = state;
    const place before = swap(place_at(self, "on_bar", context, instrument));
    self->slot->inner.on_bar(self->state, context, instrument);
    swap(before);
}

static void guard_on_fill(void *state, const qb_context *context, const qb_fill *fill)
{
    const guarded *self = state;
    const place before = swap(place_at(self, "on_fill", context, fill->instrument));
    self->slot->inner.on_fill(self->state, context, fill);
    swap(before);
}

static void guard_clear(void *state)
{
    const guarded *self = state;
    const place before = swap(place_of(self->slot, "clear"));
    self->slot->inner.clear(self->state);
    swap(before);
}

#define EACH_SLOT(DO) \
    DO(0)             \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define SLOT_FUNCTIONS(n)                                              \
    static const char *check_##n(const double *params)                 \
    {                                                                  \
        return guard_check(&slots[n], params);                         \
    }                                                                  \
    static size_t warmup_##n(const double *params)                     \
    {                                                                  \
        return guard_warmup(&slots[n], params);                        \
    }                                                                  \
    static qb_status init_##n(const qb_setup *setup, void **out_state) \
    {                                                                  \
        return guard_init(&slots[n], setup, out_state);                \
    }
EACH_SLOT(SLOT_FUNCTIONS)

#define SLOT_ROW(n) {check_##n, warmup_##n, init_##n},
static const struct {
    const char *(*check)(const double *params);
    size_t (*warmup)(const double *params);
    qb_status (*init)(const qb_setup *setup, void **out_state);
} slot_functions[SLOT_COUNT] = {EACH_SLOT(SLOT_ROW)};

/* ---- a new one ------------------------------------------------------------------------------- */

static void fill_slot(gsize index, const qb_strategy *strategy, const char *path)
{
    slot *slot = &slots[index];
    slot->loaded = strategy;
    slot->file = g_strdup(path);
    /* A newer interface may have more at the end, which this program does not know. */
    slot->inner = (qb_strategy){0};
    memcpy(&slot->inner, strategy, MIN(sizeof slot->inner, strategy->struct_size));
    slot->inner.struct_size = sizeof slot->inner;
    slot->shown = slot->inner;
    slot->shown.check = slot->inner.check != NULL ? slot_functions[index].check : NULL;
    slot->shown.warmup = slot_functions[index].warmup;
    slot->shown.init = slot_functions[index].init;
    slot->shown.on_bar = guard_on_bar;
    slot->shown.on_fill = slot->inner.on_fill != NULL ? guard_on_fill : NULL;
    slot->shown.clear = slot->inner.clear != NULL ? guard_clear : NULL;
}

static const qb_strategy *take_slot(const qb_strategy *strategy, const char *path, GError **error)
{
    for (gsize i = 0; i < SLOT_COUNT; i++) {
        if (slots[i].loaded == NULL)
            fill_slot(i, strategy, path);
        if (slots[i].loaded == strategy)
            return &slots[i].shown;
    }
    g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: more than %d strategies are loaded", path,
                SLOT_COUNT);
    return NULL;
}

const qb_strategy *guard_strategy(const qb_strategy *strategy, const char *path, GError **error)
{
    const char *why = NULL;
    guard_enter_loading(path);
    const qb_status status = qb_strategy_check(strategy, &why);
    guard_leave_loading();
    if (status != QB_OK) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: %s", path, why);
        return NULL;
    }
    g_mutex_lock(&slots_lock);
    const qb_strategy *shown = take_slot(strategy, path, error);
    g_mutex_unlock(&slots_lock);
    return shown;
}
