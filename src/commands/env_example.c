/* env example: the settings on paper, from the table that also checks them. */
#include "commands/commands-private.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char about[] =
    "Prints a .env with every setting, what it does and its default, all unset.\n"
    "\n"
    "Examples:\n"
    "  quantbot env example >.env && chmod 600 .env\n"
    "  quantbot env example --markdown\n"
    "  quantbot env example --json\n";

static json_t *setting_json(const setting_info *info)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(info->name));
    json_object_set_new(object, "group", json_string(info->group));
    json_object_set_new(object, "help", json_string(info->help));
    json_object_set_new(object, "secret", json_boolean(info->secret));
    json_object_set_new(object, "default",
                        info->standard != NULL ? json_string(info->standard) : json_null());
    return object;
}

static void print_json(void)
{
    json_t *list = json_array();
    for (gsize i = 0; i < settings_table_count; i++)
        if (!settings_table[i].hidden)
            json_array_append_new(list, setting_json(&settings_table[i]));
    char *text = json_dumps(list, JSON_INDENT(2));
    puts(text);
    free(text);
    json_decref(list);
}

int command_env_example(int argc, char **argv)
{
    gboolean json = FALSE, markdown = FALSE;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"markdown", 0, 0, G_OPTION_ARG_NONE, &markdown, "As the table of SETUP_ENV.md", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "As data", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("env example", "unexpected \"%s\"", argv[1]);
    if (json && markdown)
        return command_usage("env example", "--json and --markdown (expected one of the two)");
    if (json) {
        print_json();
        return 0;
    }
    g_autofree char *text = markdown ? settings_markdown() : settings_example();
    fputs(text, stdout);
    return 0;
}
