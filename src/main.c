#include "commands/commands.h"
#include "platform/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(FILE *stream)
{
    fprintf(stream, "quantbot - a paper-trading and training laboratory. It never trades live.\n\n"
                    "Usage: quantbot COMMAND [options]\n\n");
    for (const command *c = commands_table; c->name != NULL; c++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s%s", c->name, c->verb ? " " : "", c->verb ? c->verb : "");
        fprintf(stream, "  %-18s %s\n", name, c->summary);
    }
    fprintf(stream, "\nquantbot COMMAND --help says more. Exit codes: 0 ok, 1 answer is no, "
                    "2 usage,\n3 configuration, 4 bad data, 5 missing input, 6 I/O, 7 provider, "
                    "8 database,\n9 locked, 70 internal, 130 interrupted.\n");
}

/* Verbs of a command that was given without one, or with one it does not have. */
static int print_verbs(const char *name)
{
    int known = 0;
    for (const command *c = commands_table; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0) {
            if (!known++)
                fprintf(stderr, "quantbot: error: %s needs one of:\n", name);
            fprintf(stderr, "  quantbot %s %-11s %s\n", name, c->verb ? c->verb : "", c->summary);
        }
    if (!known) {
        g_autofree char *quoted = failure_quote(name, -1);
        fprintf(stderr, "quantbot: error: no command %s; quantbot help lists them\n", quoted);
    }
    return 2;
}

/* The command's usage line shall say what was typed. */
static int run_command(const command *command, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof name, "quantbot %s%s%s", command->name, command->verb ? " " : "",
             command->verb ? command->verb : "");
    argv[0] = name;
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    /* With it libraries print what they do, libsoup whole addresses with the keys in them, past our
     * redactor. LOG_LEVEL is the way to see more. */
    unsetenv("G_MESSAGES_DEBUG");
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("quantbot %s\n", QUANTBOT_VERSION);
        return 0;
    }
    for (const command *c = commands_table; c->name != NULL; c++) {
        if (strcmp(c->name, argv[1]) != 0)
            continue;
        if (c->verb == NULL)
            return run_command(c, argc - 1, argv + 1);
        if (argc > 2 && strcmp(c->verb, argv[2]) == 0)
            return run_command(c, argc - 2, argv + 2);
    }
    return print_verbs(argv[1]);
}
