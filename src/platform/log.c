#include "platform/log.h"
#include "platform/clock.h"
#include "platform/files.h"
#include "platform/platform-private.h"

#include "core/base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_LIMIT 4000 /* characters of one event's text */
#define REPEAT_US (60 * G_USEC_PER_SEC)

static const struct {
    const char *name;
    log_level level;
} level_names[] = {
    /* The first name of each level is the one that is written. */
    {"DEBUG", LOG_DEBUG},  {"INFO", LOG_INFO},         {"WARNING", LOG_WARNING},
    {"ERROR", LOG_ERROR},  {"CRITICAL", LOG_CRITICAL}, {"NOTSET", LOG_DEBUG},
    {"WARN", LOG_WARNING}, {"FATAL", LOG_CRITICAL},
};

gboolean log_level_from_text(const char *text, log_level *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS(level_names); i++)
        if (g_ascii_strcasecmp(text, level_names[i].name) == 0) {
            *out = level_names[i].level;
            return TRUE;
        }
    return FALSE;
}

const char *log_level_text(log_level level)
{
    return level_names[level].name;
}

/* ---- state ---------------------------------------------------------------------------------- */

/* The log is the one object that a whole process shares. */
static struct {
    GMutex mutex;
    log_level level;
    char *run;
    char *last; /* level, component and text of the last event */
    guint repeated;
    gint64 last_written_us;
    guint dropped;
    char *path; /* NULL: no file */
    int fd;
    gint64 size, max_bytes;
    int keep;
} state = {.level = LOG_INFO, .fd = -1};

void log_set_level(log_level level)
{
    g_mutex_lock(&state.mutex);
    state.level = level;
    g_mutex_unlock(&state.mutex);
}

void log_set_run(const char *run_id)
{
    g_mutex_lock(&state.mutex);
    g_free(state.run);
    state.run = g_strdup(run_id);
    g_mutex_unlock(&state.mutex);
}

/* ---- sinks ---------------------------------------------------------------------------------- */

/* One write per line where the system allows it, so that lines of processes do not mix. */
static gboolean write_line(int fd, const char *line, gsize length)
{
    while (length > 0) {
        ssize_t written = write(fd, line, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return FALSE;
        line += written;
        length -= (gsize)written;
    }
    return TRUE;
}

static gboolean open_sink(void)
{
    struct stat info;
    state.fd = open(state.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (state.fd < 0)
        return FALSE;
    if (fstat(state.fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(state.fd);
        state.fd = -1;
        errno = EINVAL;
        return FALSE;
    }
    state.size = (gint64)info.st_size;
    return TRUE;
}

/* path.2 to path.3, path.1 to path.2, path to path.1; the oldest is overwritten. A rename that
 * fails is left: the log must not stop over it, and open_sink goes on with the old file. */
static void rotate(void)
{
    close(state.fd);
    state.fd = -1;
    for (int n = state.keep - 1; n >= 1; n--) {
        g_autofree char *from = g_strdup_printf("%s.%d", state.path, n);
        g_autofree char *to = g_strdup_printf("%s.%d", state.path, n + 1);
        if (rename(from, to) != 0)
            continue;
    }
    g_autofree char *first = g_strdup_printf("%s.1", state.path);
    if (state.keep > 0 ? rename(state.path, first) != 0 : unlink(state.path) != 0)
        state.dropped++;
    open_sink();
}

static gboolean write_file(const char *line, gsize length)
{
    if (state.path == NULL)
        return TRUE;
    if (state.fd >= 0 && state.size > 0 && state.size + (gint64)length > state.max_bytes)
        rotate();
    if (state.fd < 0 && !open_sink())
        return FALSE;
    if (state.size > 0 && state.size + (gint64)length > state.max_bytes)
        return FALSE; /* it could not be rotated: bounded means bounded */
    if (!write_line(state.fd, line, length))
        return FALSE;
    state.size += (gint64)length;
    return TRUE;
}

/* "2020-01-31T14:30:00.123Z" */
static void append_stamp(GString *line, gint64 now_us)
{
    char text[QB_TIME_TEXT];
    gint64 second_us = now_us - now_us % QB_SECOND_US;
    qb_time_to_text(second_us, text);
    text[19] = '\0';
    g_string_append_printf(line, "%s.%03dZ", text, (int)(now_us % QB_SECOND_US / 1000));
}

static void emit(const char *body, gint64 now_us)
{
    g_autoptr(GString) line = g_string_new(NULL);
    append_stamp(line, now_us);
    g_string_append_c(line, ' ');
    g_string_append(line, body);
    g_string_append_c(line, '\n');
    gboolean terminal = write_line(STDERR_FILENO, line->str, line->len);
    gboolean file = write_file(line->str, line->len);
    if (!terminal || !file)
        state.dropped++;
}

static void emit_counted(gint64 now_us)
{
    if (state.repeated > 0) {
        g_autofree char *body = g_strdup_printf("%s (repeated %u time%s)", state.last,
                                                state.repeated, state.repeated == 1 ? "" : "s");
        state.repeated = 0;
        emit(body, now_us);
    }
    if (state.dropped > 0) {
        g_autofree char *body = g_strdup_printf("WARNING log: %u lines dropped", state.dropped);
        state.dropped = 0;
        emit(body, now_us);
    }
}

/* ---- events --------------------------------------------------------------------------------- */

static char *format_body(log_level level, const char *component, const char *text)
{
    GString *body = g_string_new(NULL);
    g_string_append_printf(body, "%s %s", log_level_text(level), component);
    if (state.run != NULL)
        g_string_append_printf(body, " run=%s", state.run);
    g_string_append(body, ": ");
    g_autofree char *clean = log_redact(text);
    gsize length = strlen(clean);
    if (platform_escape(body, clean, length, LINE_LIMIT, ESCAPE_LINE) < length)
        g_string_append(body, "...");
    return g_string_free(body, FALSE);
}

void log_event(log_level level, const char *component, const char *format, ...)
{
    g_mutex_lock(&state.mutex);
    if (level < state.level) {
        g_mutex_unlock(&state.mutex);
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *body = format_body(level, component, text);
    gint64 now_us = clock_now_us();
    if (g_strcmp0(body, state.last) == 0) {
        state.repeated++;
        if (now_us - state.last_written_us >= REPEAT_US) {
            emit_counted(now_us);
            state.last_written_us = now_us;
        }
    } else {
        emit_counted(now_us);
        emit(body, now_us);
        g_free(state.last);
        state.last = g_steal_pointer(&body);
        state.last_written_us = now_us;
    }
    g_mutex_unlock(&state.mutex);
}

void log_flush(void)
{
    g_mutex_lock(&state.mutex);
    emit_counted(clock_now_us());
    g_clear_pointer(&state.last, g_free);
    g_mutex_unlock(&state.mutex);
}

/* ---- file ----------------------------------------------------------------------------------- */

gboolean log_open_file(const char *path, gint64 max_bytes, int keep, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (!files_make_folder(folder, error))
        return FALSE;
    log_close_file();
    g_mutex_lock(&state.mutex);
    state.path = g_strdup(path);
    state.max_bytes = max_bytes;
    state.keep = keep;
    gboolean ok = open_sink();
    int reason = errno;
    if (!ok)
        g_clear_pointer(&state.path, g_free);
    g_mutex_unlock(&state.mutex);
    if (!ok) {
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_IO, "%s: cannot open the log: %s", name,
                    g_strerror(reason));
    }
    return ok;
}

void log_close_file(void)
{
    log_flush();
    g_mutex_lock(&state.mutex);
    if (state.fd >= 0)
        close(state.fd);
    state.fd = -1;
    g_clear_pointer(&state.path, g_free);
    g_mutex_unlock(&state.mutex);
}
