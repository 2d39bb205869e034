/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host file's schema for editors (yaml-language-server and the like): completion,
 * hover texts and red lines while typing. It is made from the same rows that check the
 * file, so the two cannot differ; configs/schema/nines-host-v1.schema.json is its
 * output, and a test says so.
 *
 * Amounts with units are texts for the schema. Numbers are allowed beside texts where
 * YAML would read an innocent value as a number (cpu: 4, kubernetes: 1.34, a zone 1).
 */
#include "models/design/host_schema.h"

#include <stdlib.h>
#include <string.h>

#include "models/design/fields.h"

#define MAX_INDENT 40

struct printer {
    FILE *out;
    const struct ha_field *table;
    size_t n;
};

static void indent(const struct printer *p, int depth)
{
    fprintf(p->out, "\n%*s", 2 * depth < MAX_INDENT ? 2 * depth : MAX_INDENT, "");
}

/* The part of path below parent if it stands directly there, else NULL. */
static const char *child_of(const char *path, const char *parent)
{
    size_t n = strlen(parent);
    const char *rest = path;

    if (n > 0) {
        if (strncmp(path, parent, n) != 0 || path[n] != '.') {
            return NULL;
        }
        rest = path + n + 1;
    }
    return strchr(rest, '.') == NULL ? rest : NULL;
}

static void print_map(const struct printer *p, const char *parent, int depth);

static void print_choices(const struct printer *p, const char *choices)
{
    fprintf(p->out, "\"enum\": [");
    for (const char *at = choices; *at != '\0';) {
        size_t n = strcspn(at, "|");

        fprintf(p->out, "%s\"%.*s\"", at > choices ? ", " : "", (int)n, at);
        at += n + (at[n] == '|');
    }
    fprintf(p->out, "]");
}

static void print_whole(const struct printer *p, const char *choices)
{
    char *end;
    long least = strtol(choices, &end, 10);
    long most = strtol(end + 2, NULL, 10);

    fprintf(p->out, "\"type\": \"integer\", \"minimum\": %ld, \"maximum\": %ld", least,
            most);
}

static void print_type(const struct printer *p, const struct ha_field *field, int depth)
{
    static const char word[] = "{\"type\": [\"string\", \"number\"]}";
    char inner[160];

    switch (field->type) {
    case HA_FIELD_TEXT:
        fprintf(p->out, "\"type\": [\"string\", \"number\"]");
        break;
    case HA_FIELD_CHOICE:
        print_choices(p, field->choices);
        break;
    case HA_FIELD_BOOL:
        fprintf(p->out, "\"type\": \"boolean\"");
        break;
    case HA_FIELD_WHOLE:
        print_whole(p, field->choices);
        break;
    case HA_FIELD_TIME:
    case HA_FIELD_PRICE:
        fprintf(p->out, "\"type\": \"string\"");
        break;
    case HA_FIELD_WORDS:
        fprintf(p->out, "\"type\": \"array\", \"items\": %s", word);
        break;
    case HA_FIELD_TEXTS:
    case HA_FIELD_AMOUNTS:
        fprintf(p->out, "\"type\": \"object\", \"additionalProperties\": %s", word);
        break;
    case HA_FIELD_ITEMS:
        snprintf(inner, sizeof(inner), "%s[]", field->path);
        fprintf(p->out, "\"type\": \"array\", \"items\": {");
        print_map(p, inner, depth + 1);
        fprintf(p->out, "}");
        break;
    case HA_FIELD_GROUP:
        print_map(p, field->path, depth);
        break;
    case HA_FIELD_TREE:
        fprintf(p->out, "\"type\": \"object\"");
        break;
    }
}

/* "type", "additionalProperties", "properties" of one map of the table. */
static void print_map(const struct printer *p, const char *parent, int depth)
{
    bool is_first = true;

    indent(p, depth);
    fprintf(p->out, "\"type\": \"object\", \"additionalProperties\": false,");
    indent(p, depth);
    fprintf(p->out, "\"properties\": {");
    if (parent[0] == '\0') {
        indent(p, depth + 1);
        fprintf(p->out, "\"apiVersion\": {\"const\": \"nines/v1\"},");
        indent(p, depth + 1);
        fprintf(p->out, "\"kind\": {\"const\": \"Host\"},");
        indent(p, depth + 1);
        fprintf(p->out, "\"metadata\": {\"type\": \"object\"}");
        is_first = false;
    }
    for (size_t i = 0; i < p->n; i++) {
        const char *name = child_of(p->table[i].path, parent);

        if (name == NULL) {
            continue;
        }
        fprintf(p->out, "%s", is_first ? "" : ",");
        indent(p, depth + 1);
        fprintf(p->out, "\"%s\": {\"description\": \"%s\", ", name,
                p->table[i].meaning);
        print_type(p, &p->table[i], depth + 2);
        fprintf(p->out, "}");
        is_first = false;
    }
    indent(p, depth);
    fprintf(p->out, "}");
}

void ha_host_schema_write(FILE *out)
{
    struct printer p = {out, NULL, 0};

    p.table = ha_host_fields(&p.n);
    fprintf(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",");
    fprintf(out, "\n  \"title\": \"nines/v1 Host: a cluster that carries virtual "
                 "clusters\",");
    print_map(&p, "", 1);
    fprintf(out, "\n}\n");
}
