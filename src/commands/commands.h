/* One file per subcommand. In: argv. Out: results on standard output, errors on standard error,
 * an exit code. Commands join rooms and print; rooms never do. */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

typedef struct command {
    const char *name;                  /* "data" */
    const char *verb;                  /* "import", or NULL when the command has none */
    const char *summary;               /* one line of help */
    int (*run)(int argc, char **argv); /* argv[0] is "quantbot data import" */
} command;

/* Ends with an entry whose name is NULL; main.c finds commands in it. */
extern const command commands_table[];

#endif
