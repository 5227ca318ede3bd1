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
void log_set_level(log_level level);
/* To standard error. */
void log_event(log_level level, const char *component, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Secrets shorter than 6 bytes are not registered: they would redact ordinary words. */
void log_register_secret(const char *secret);
/* The text with every known secret masked; caller frees. */
char *log_redact(const char *text);
/* "****", with the last 4 characters only when there are at least 16. Caller frees. */
char *log_mask(const char *secret);
/* A URL as scheme and host only, "postgresql://db.example.com/****"; caller frees. */
char *log_mask_url(const char *url);

#endif
