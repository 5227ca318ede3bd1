/* A C source becomes a shared object in DATA/runtime/strategies/KEY/, where KEY is a hash of all
 * that could make it another one: the source, its path, the compiler, the flags, our headers. The
 * user's own headers are known only afterwards; `inputs` lists them with their hashes, and an
 * object whose inputs have changed is made anew. A lock keeps two processes apart, and whatever
 * becomes visible is renamed into place. */
#include "loader/loader-private.h"
#include "platform/files.h"
#include "platform/log.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPILE_SECONDS 60
#define LOCK_WAIT_MS (2u * COMPILE_SECONDS * 1000u)
#define SAID_LIMIT ((gsize)4 * 1024 * 1024)
#define INPUTS_LIMIT ((gsize)1024 * 1024)
#define INPUT_COUNT_MAX 1000u

static const char *const flags[] = {
    "-std=gnu17", "-O2",     "-Wall",       "-Wextra", "-ffp-contract=off",
    "-fPIC",      "-shared", "-Wl,-z,defs", NULL,
};

/* ---- the compiler ---------------------------------------------------------------------------- */

/* $CC, which may have arguments, else the first that there is. words[0] is absolute. */
static char **find_compiler(GError **error)
{
    static const char *const usual[] = {"cc", "gcc", "clang"};
    const char *named = g_getenv("CC");
    g_auto(GStrv) words = NULL;
    if (named != NULL && *named != '\0') {
        if (g_shell_parse_argv(named, NULL, &words, NULL)) {
            char *found = g_find_program_in_path(words[0]);
            if (found != NULL) {
                g_free(words[0]);
                words[0] = found;
                return g_steal_pointer(&words);
            }
        }
        g_autofree char *quoted = failure_quote(named, -1);
        g_set_error(error, FAILURE, FAILURE_CONFIG,
                    "CC: there is no program %s (expected a C "
                    "compiler, or CC unset for the system's)",
                    quoted);
        return NULL;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(usual); i++) {
        char *found = g_find_program_in_path(usual[i]);
        if (found != NULL) {
            char **compiler = g_new0(char *, 2);
            compiler[0] = found;
            return compiler;
        }
    }
    g_set_error(error, FAILURE, FAILURE_CONFIG,
                "no C compiler is installed, which strategies in C need (Debian, Ubuntu: apt "
                "install gcc; or name one in CC)");
    return NULL;
}

/* The program behind its links, by length and date: another version is another compiler. */
static void hash_compiler(GChecksum *sum, char **compiler)
{
    char *real = realpath(compiler[0], NULL);
    struct stat about;
    for (char **word = compiler; *word != NULL; word++)
        g_checksum_update(sum, (const guchar *)*word, (gssize)strlen(*word) + 1);
    if (real != NULL && stat(real, &about) == 0) {
        g_autofree char *text = g_strdup_printf("%s %lld %lld.%ld", real, (long long)about.st_size,
                                                (long long)about.st_mtim.tv_sec,
                                                about.st_mtim.tv_nsec);
        g_checksum_update(sum, (const guchar *)text, -1);
    }
    free(real);
}

/* ---- the folder ------------------------------------------------------------------------------ */

typedef struct job {
    const char *path; /* as typed */
    char *own_hash;   /* "SHA256 PATH" of the source */
    char **compiler;
    char *include;                    /* folder of our headers */
    char *folder, *object, *inputs;   /* in the store */
    char *fresh, *depends, *messages; /* while it is made */
} job;

static void job_clear(job *self)
{
    g_free(self->own_hash);
    g_strfreev(self->compiler);
    g_free(self->include);
    g_free(self->folder);
    g_free(self->object);
    g_free(self->inputs);
    g_free(self->fresh);
    g_free(self->depends);
    g_free(self->messages);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(job, job_clear)

static char *job_key(const job *self)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    hash_compiler(sum, self->compiler);
    for (const char *const *flag = flags; *flag != NULL; flag++)
        g_checksum_update(sum, (const guchar *)*flag, (gssize)strlen(*flag) + 1);
    g_checksum_update(sum, (const guchar *)loader_headers_sha256, -1);
    g_checksum_update(sum, (const guchar *)self->path, (gssize)strlen(self->path) + 1);
    g_checksum_update(sum, (const guchar *)self->own_hash, -1);
    return g_strdup(g_checksum_get_string(sum));
}

static gboolean job_init(job *self, const char *path, const char *data_dir, GError **error)
{
    *self = (job){.path = path};
    self->own_hash = loader_hash_file(path, LOADER_SOURCE_LIMIT, error);
    if (self->own_hash == NULL)
        return FALSE;
    self->compiler = find_compiler(error);
    if (self->compiler == NULL)
        return FALSE;
    g_autofree char *key = job_key(self);
    g_autofree char *store = g_build_filename(data_dir, "runtime", "strategies", NULL);
    self->include = g_strdup_printf("%s/include-%.16s", store, loader_headers_sha256);
    self->folder = g_build_filename(store, key, NULL);
    self->object = g_build_filename(self->folder, "strategy.so", NULL);
    self->inputs = g_build_filename(self->folder, "inputs", NULL);
    self->fresh = g_strdup_printf("%s/.tmp-strategy-%d.so", self->folder, (int)getpid());
    self->depends = g_strdup_printf("%s/.tmp-depends-%d", self->folder, (int)getpid());
    self->messages = g_strdup_printf("%s/.tmp-messages-%d", self->folder, (int)getpid());
    return files_make_folder(self->folder, error);
}

/* Ours, beside which the source is compiled; `complete` comes last. */
static gboolean write_headers(const job *self, GError **error)
{
    g_autofree char *complete = g_build_filename(self->include, "complete", NULL);
    if (files_exists(complete))
        return TRUE;
    for (const loader_header *header = loader_headers; header->path != NULL; header++) {
        g_autofree char *path = g_build_filename(self->include, header->path, NULL);
        if (!files_replace(path, header->text, header->size, error))
            return FALSE;
    }
    return files_replace(complete, "", 0, error);
}

/* ---- running it ------------------------------------------------------------------------------ */

/* In the compiler's process, before it is one: a group of its own, so that all of it can be ended;
 * limits; and an end with ours. */
static void limit_child(gpointer data)
{
    const struct rlimit seconds = {2 * COMPILE_SECONDS, 2 * COMPILE_SECONDS};
    const struct rlimit bytes = {LOADER_OBJECT_LIMIT, LOADER_OBJECT_LIMIT};
    const struct rlimit none = {0, 0};
    setpgid(0, 0);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_FSIZE, &bytes);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Keys and tokens of the environment are none of the compiler's business. */
static char **child_environment(void)
{
    static const char *const passed[] = {
        "PATH",        "HOME",  "TMPDIR",         "LANG",         "LC_ALL",
        "LC_MESSAGES", "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH",
        "CCACHE_DIR",
    };
    char **environment = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(passed); i++)
        if (g_getenv(passed[i]) != NULL)
            environment = g_environ_setenv(environment, passed[i], g_getenv(passed[i]), TRUE);
    return environment != NULL ? environment : g_new0(char *, 1);
}

static char **command_line(const job *self)
{
    g_autofree char *beside = g_path_get_dirname(self->path);
    GPtrArray *words = g_ptr_array_new();
    for (char **word = self->compiler; *word != NULL; word++)
        g_ptr_array_add(words, g_strdup(*word));
    for (const char *const *flag = flags; *flag != NULL; flag++)
        g_ptr_array_add(words, g_strdup(*flag));
    const char *const rest[] = {"-iquote",     beside, "-isystem", self->include, "-MMD",     "-MF",
                                self->depends, "-MT",  "x",        "-o",          self->fresh};
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        g_ptr_array_add(words, g_strdup(rest[i]));
    g_ptr_array_add(words, self->path[0] == '-' ? g_strconcat("./", self->path, NULL)
                                                : g_strdup(self->path));
    g_ptr_array_add(words, g_strdup("-lm"));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

typedef struct waiting {
    GMainLoop *loop;
    gint process;
    gboolean late;
} waiting;

static void on_ended(GObject *process, GAsyncResult *result, gpointer data)
{
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
    g_main_loop_quit(((waiting *)data)->loop);
}

static gboolean on_late(gpointer data)
{
    waiting *self = data;
    self->late = TRUE;
    kill(-self->process, SIGKILL);
    return G_SOURCE_REMOVE;
}

/* Waits for the end, with a limit. TRUE: it ended by itself. */
static gboolean wait_for(GSubprocess *process)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_main_context_push_thread_default(context);
    const char *id = g_subprocess_get_identifier(process);
    waiting waiting = {.loop = g_main_loop_new(context, FALSE),
                       .process = id != NULL ? (gint)g_ascii_strtoll(id, NULL, 10) : 0};
    g_autoptr(GSource) limit = g_timeout_source_new_seconds(COMPILE_SECONDS);
    if (waiting.process > 1) {
        g_source_set_callback(limit, on_late, &waiting, NULL);
        g_source_attach(limit, context);
    }
    g_subprocess_wait_async(process, NULL, on_ended, &waiting);
    g_main_loop_run(waiting.loop);
    g_source_destroy(limit);
    g_main_loop_unref(waiting.loop);
    g_main_context_pop_thread_default(context);
    return !waiting.late;
}

/* The compiler's words as they are, but for known secrets. NULL: none. */
static char *read_messages(const job *self)
{
    g_autoptr(GBytes) bytes = files_read(self->messages, SAID_LIMIT, NULL);
    gsize size = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &size) : NULL;
    if (size == 0)
        return NULL;
    g_autofree char *text = g_strndup(data, size);
    return log_redact(text);
}

static gboolean run_compiler(const job *self, char **out_said, GError **error)
{
    g_autofree char *name = failure_path(self->path);
    g_auto(GStrv) line = command_line(self);
    g_auto(GStrv) environment = child_environment();
    g_autoptr(GError) problem = NULL;
    g_autoptr(GSubprocessLauncher)
        launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_subprocess_launcher_set_environ(launcher, environment);
    g_subprocess_launcher_set_stderr_file_path(launcher, self->messages);
    g_subprocess_launcher_set_child_setup(launcher, limit_child, NULL, NULL);
    g_autoptr(GSubprocess)
        process = g_subprocess_launcher_spawnv(launcher, (const char *const *)line, &problem);
    if (process == NULL) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: cannot be run: %s", line[0],
                    problem->message);
        return FALSE;
    }
    const gboolean in_time = wait_for(process);
    *out_said = read_messages(self);
    if (!in_time) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: not compiled within %d seconds", name,
                    COMPILE_SECONDS);
        return FALSE;
    }
    if (g_subprocess_get_if_exited(process) && g_subprocess_get_exit_status(process) == 0)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: does not compile (%s)", name, line[0]);
    return FALSE;
}

/* ---- what it was made from ------------------------------------------------------------------- */

/* The words of a make rule after its target: "x: a.c my\ own.h \" and on to the next line. */
static GPtrArray *parse_depends(const char *text)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) word = g_string_new(NULL);
    const char *at = strchr(text, ':');
    for (at = at != NULL ? at + 1 : ""; paths->len < INPUT_COUNT_MAX; at++) {
        if (at[0] == '\\' && (at[1] == ' ' || at[1] == '#' || at[1] == '\\')) {
            g_string_append_c(word, *++at);
        } else if (at[0] == '$' && at[1] == '$') {
            g_string_append_c(word, *++at);
        } else if (at[0] != '\0' && !g_ascii_isspace(at[0]) && !(at[0] == '\\' && at[1] == '\n')) {
            g_string_append_c(word, at[0]);
        } else if (word->len > 0) {
            g_ptr_array_add(paths, g_strdup(word->str));
            g_string_truncate(word, 0);
        }
        if (at[0] == '\0')
            break;
    }
    return paths;
}

static const char *path_of(const char *entry)
{
    const char *blank = strchr(entry, ' ');
    return blank != NULL ? blank + 1 : entry;
}

/* Adds a file of the rule to the list that begins with the source. */
static gboolean add_input(const job *self, const char *path, GPtrArray *files, GError **error)
{
    g_autofree char *entry = loader_hash_file(path, LOADER_SOURCE_LIMIT, error);
    if (entry == NULL)
        return FALSE;
    if (strcmp(entry, self->own_hash) == 0)
        return TRUE;
    if (strcmp(path_of(entry), path_of(self->own_hash)) == 0) {
        g_autofree char *name = failure_path(self->path);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: was changed while it was compiled; try again", name);
        return FALSE;
    }
    g_ptr_array_add(files, g_steal_pointer(&entry));
    return TRUE;
}

/* The source's hash, then those of the user's headers. */
static GPtrArray *hash_inputs(const job *self, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(self->depends, INPUTS_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(size > 0 ? data : "", size);
    g_autoptr(GPtrArray) paths = parse_depends(text);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(files, g_strdup(self->own_hash));
    for (guint i = 0; i < paths->len; i++)
        if (!add_input(self, g_ptr_array_index(paths, i), files, error))
            return NULL;
    return g_steal_pointer(&files);
}

static GPtrArray *read_inputs(const job *self)
{
    g_autoptr(GBytes) bytes = files_read(self->inputs, INPUTS_LIMIT, NULL);
    if (bytes == NULL || g_bytes_get_size(bytes) == 0 || !files_exists(self->object))
        return NULL;
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0')
            g_ptr_array_add(files, g_strdup(*line));
    return loader_check_files(files, NULL) ? g_steal_pointer(&files) : NULL;
}

static gboolean write_inputs(const job *self, const GPtrArray *files, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < files->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(files, i));
    return files_replace(self->inputs, text->str, text->len, error);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static GPtrArray *make_object(const job *self, char **out_said, GError **error)
{
    if (!write_headers(self, error) || !run_compiler(self, out_said, error))
        return NULL;
    g_autoptr(GPtrArray) files = hash_inputs(self, error);
    if (files == NULL || !files_rename(self->fresh, self->object, error) ||
        !write_inputs(self, files, error))
        return NULL;
    return g_steal_pointer(&files);
}

char *compile_strategy(const char *path, const char *data_dir, GPtrArray **out_files,
                       char **out_said, GError **error)
{
    g_auto(job) job = {0};
    if (!job_init(&job, path, data_dir, error))
        return NULL;
    g_autofree char *lock_path = g_build_filename(job.folder, "lock", NULL);
    g_autoptr(files_lock) lock = files_lock_take(lock_path, LOCK_WAIT_MS, error);
    if (lock == NULL)
        return NULL;
    GPtrArray *files = read_inputs(&job);
    if (files == NULL) {
        files = make_object(&job, out_said, error);
        files_remove_leftovers(job.folder);
    }
    if (files == NULL)
        return NULL;
    *out_files = files;
    return g_steal_pointer(&job.object);
}
