/* The log and the redactor. Every line that leaves the process for a log or standard error goes
 * through here: UTC with milliseconds, level, component, fields; one event per line; secrets
 * that were registered, and their URL, base64 and hex forms, replaced by ****. */
#ifndef PLATFORM_LOG_H
#define PLATFORM_LOG_H

#include <glib.h>

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_CRITICAL } log_level;

/* Accepts Python's names too (WARN, FATAL, NOTSET), any case. */
gboolean log_level_from_text(const char *text, log_level *out);
const char *log_level_text(log_level level);
/* INFO at start. */
void log_set_level(log_level level);
/* Stands in each line from now on; NULL: none. Copied. */
void log_set_run(const char *run_id);
/* To standard error, and to the file of log_open_file. A line that equals the one before is
 * counted and reported as "repeated N times" by the next one that differs, after a minute, or by
 * log_flush. A line that cannot be written is dropped and counted. Never fails. Thread-safe. */
void log_event(log_level level, const char *component, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Reports what was only counted. At the end of the program, and before it waits for long. */
void log_flush(void);

/* Also writes to path, 0600. When it would exceed max_bytes it becomes path.1, that one path.2,
 * up to keep old files. */
gboolean log_open_file(const char *path, gint64 max_bytes, int keep, GError **error);
void log_close_file(void);

/* Secrets shorter than LOG_SECRET_MINIMUM bytes are not registered: they would redact ordinary
 * words. */
#define LOG_SECRET_MINIMUM 6
void log_register_secret(const char *secret);
/* Forgets and erases all of them. For tests. */
void log_forget_secrets(void);
/* The text with every known secret masked; caller frees. */
char *log_redact(const char *text);
/* "****", with the last 4 characters only when there are at least 16. Caller frees. */
char *log_mask(const char *secret);
/* A URL as scheme, host and port only, with "****" for a path that follows; all of it "****" when
 * it is no URL. Caller frees. */
char *log_mask_url(const char *url);

#endif
