/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Label selectors and node selector terms.
 *
 * Kubernetes has three kinds of "selects by labels" that look alike and differ in
 * what emptiness means. metav1.LabelSelector: null selects nothing, {} everything.
 * A plain label set (Service, nodeSelector): every pair must be there, no pair selects
 * everything (and a Service without a selector nothing; its reader knows that).
 * NodeSelectorTerm: terms are ORed, expressions inside are ANDed, a term without
 * expressions selects nothing, and Gt and Lt exist.
 *
 * All three become lists of requirements, so one matcher serves all. Labels are kept
 * sorted by key: a look-up is a binary search, since a Node easily has thirty labels.
 * Gt and Lt need one whole number as their value, and the label must be one too:
 * both are read as Kubernetes does (strconv.ParseInt base 10, 64 bits).
 *
 * Left out: the validation of label syntax (length, characters), which the API server
 * does; a selector here may hold any text.
 *
 * Sources: k8s.io/apimachinery pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go;
 * k8s.io/component-helpers scheduling/corev1/nodeaffinity.
 */
#include "models/kube/selector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- labels ---- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct ha_label *)a)->key, ((const struct ha_label *)b)->key);
}

const char *ha_labels_get(const struct ha_labels *labels, const char *key)
{
    uint32_t lo = 0;
    uint32_t hi = labels->n;

    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        const int order = strcmp(labels->item[mid].key, key);

        if (order == 0) {
            return labels->item[mid].value;
        }
        if (order < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

/* A label value must be text: 1.20 or true without quotes would be refused by the API
 * server, and 1.20 would silently become 1.2. */
static bool is_label_text(const struct ha_node *node)
{
    double number;
    bool yes;

    return node->kind == HA_NODE_SCALAR &&
           (!node->is_plain ||
            (!ha_node_double(node, &number) && !ha_node_bool(node, &yes)));
}

int ha_labels_read(struct sim_arena *arena, const struct ha_node *node,
                   struct ha_labels *out, struct sim_err *err)
{
    memset(out, 0, sizeof(*out));
    if (ha_node_is_null(node)) {
        return 0;
    }
    if (node->kind != HA_NODE_MAP) {
        return ha_node_error(err, node, "expected a map of names to texts");
    }
    out->item = sim_arena_calloc(arena, node->n, sizeof(*out->item));
    for (uint32_t i = 0; i < node->n; i++) {
        const struct ha_node *value = node->entry[i].value;

        if (!is_label_text(value)) {
            const int code = ha_node_error(err, value, "%.200s: expected a text",
                                           node->entry[i].key);

            sim_err_hint(err, "put it in quotes: \"%.100s\"", ha_node_text(value, ""));
            return code;
        }
        out->item[i].key = node->entry[i].key;
        out->item[i].value = ha_node_text(value, "");
    }
    out->n = node->n;
    if (out->n > 1) {
        qsort(out->item, out->n, sizeof(*out->item), by_key);
    }
    return 0;
}

/* ---- building selectors ---- */

static struct ha_requirement *append(struct sim_arena *arena,
                                     struct ha_selector *selector, uint32_t n_more)
{
    struct ha_requirement *item =
        sim_arena_calloc(arena, (size_t)selector->n + n_more, sizeof(*item));

    if (selector->n > 0) {
        memcpy(item, selector->item, selector->n * sizeof(*item));
    }
    selector->item = item;
    selector->n += n_more;
    return item + selector->n - n_more;
}

void ha_selector_add(struct sim_arena *arena, struct ha_selector *selector,
                     const char *key, enum ha_operator op, const char *value)
{
    struct ha_requirement *requirement = append(arena, selector, 1);

    requirement->key = key;
    requirement->op = op;
    requirement->n_values = 1;
    requirement->value = sim_arena_calloc(arena, 1, sizeof(char *));
    requirement->value[0] = value;
    selector->is_nothing = false;
}

void ha_selector_add_labels(struct sim_arena *arena, struct ha_selector *selector,
                            const struct ha_labels *labels)
{
    for (uint32_t i = 0; i < labels->n; i++) {
        ha_selector_add(arena, selector, labels->item[i].key, HA_OP_IN,
                        labels->item[i].value);
    }
}

void ha_selector_join(struct sim_arena *arena, struct ha_selector *selector,
                      const struct ha_selector *more)
{
    if (more->n > 0) {
        memcpy(append(arena, selector, more->n), more->item,
               more->n * sizeof(*more->item));
    }
}

/* ---- reading ---- */

static bool read_whole(const char *text, int64_t *value)
{
    char *end;

    if (strspn(text, "+-0123456789") != strlen(text) || *text == '\0') {
        return false;
    }
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static int read_operator(const struct ha_node *node, const struct ha_node *whole,
                         bool for_nodes, enum ha_operator *op, struct sim_err *err)
{
    static const char *const names[] = {"In",           "NotIn", "Exists",
                                        "DoesNotExist", "Gt",    "Lt"};
    const char *text = ha_node_text(node, "");
    const int n = for_nodes ? 6 : 4;
    int code;

    for (int i = 0; i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *op = (enum ha_operator)i;
            return 0;
        }
    }
    code = ha_node_error(err, node != NULL ? node : whole,
                         "operator %.60s: expected In, NotIn, Exists or DoesNotExist%s",
                         *text != '\0' ? text : "is missing",
                         for_nodes ? ", Gt or Lt" : "");
    return code;
}

static int read_values(struct sim_arena *arena, const struct ha_node *node,
                       struct ha_requirement *out, struct sim_err *err)
{
    if (ha_node_is_null(node)) {
        return 0;
    }
    if (node->kind != HA_NODE_LIST) {
        return ha_node_error(err, node, "values: expected a list of texts");
    }
    out->value = sim_arena_calloc(arena, node->n, sizeof(char *));
    for (uint32_t i = 0; i < node->n; i++) {
        if (node->item[i]->kind != HA_NODE_SCALAR) {
            return ha_node_error(err, node->item[i], "values: expected a text");
        }
        out->value[i] = node->item[i]->text;
    }
    out->n_values = node->n;
    return 0;
}

static int check_values(const struct ha_node *expression,
                        struct ha_requirement *requirement, struct sim_err *err)
{
    switch (requirement->op) {
    case HA_OP_IN:
    case HA_OP_NOT_IN:
        if (requirement->n_values == 0) {
            return ha_node_error(err, expression,
                                 "In and NotIn need at least one value");
        }
        return 0;
    case HA_OP_EXISTS:
    case HA_OP_DOES_NOT_EXIST:
        if (requirement->n_values != 0) {
            return ha_node_error(err, expression,
                                 "Exists and DoesNotExist take no values");
        }
        return 0;
    case HA_OP_GT:
    case HA_OP_LT:
        break;
    }
    if (requirement->n_values != 1 ||
        !read_whole(requirement->value[0], &requirement->bound)) {
        return ha_node_error(
            err, expression,
            "Gt and Lt need exactly one value, a whole number in quotes");
    }
    return 0;
}

static int read_expressions(struct sim_arena *arena, const struct ha_node *list,
                            bool for_nodes, struct ha_selector *out,
                            struct sim_err *err)
{
    struct ha_requirement *requirement;

    if (ha_node_is_null(list)) {
        return 0;
    }
    if (list->kind != HA_NODE_LIST) {
        return ha_node_error(err, list, "expected a list of {key, operator, values}");
    }
    requirement = append(arena, out, list->n);
    for (uint32_t i = 0; i < list->n; i++, requirement++) {
        const struct ha_node *item = list->item[i];
        const struct ha_node *key = ha_node_get(item, "key");
        int code;

        if (item->kind != HA_NODE_MAP || key == NULL ||
            *ha_node_text(key, "") == '\0') {
            return ha_node_error(err, item, "expected {key, operator, values}");
        }
        requirement->key = ha_node_text(key, "");
        code = read_operator(ha_node_get(item, "operator"), item, for_nodes,
                             &requirement->op, err);
        if (code == 0) {
            code = read_values(arena, ha_node_get(item, "values"), requirement, err);
        }
        if (code == 0) {
            code = check_values(item, requirement, err);
        }
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

int ha_selector_read(struct sim_arena *arena, const struct ha_node *node,
                     struct ha_selector *out, struct sim_err *err)
{
    struct ha_labels labels;
    int code;

    memset(out, 0, sizeof(*out));
    if (ha_node_is_null(node)) {
        out->is_nothing = true;
        return 0;
    }
    if (node->kind != HA_NODE_MAP) {
        return ha_node_error(
            err, node, "expected a selector with matchLabels or matchExpressions");
    }
    code = ha_labels_read(arena, ha_node_get(node, "matchLabels"), &labels, err);
    if (code != 0) {
        return code;
    }
    ha_selector_add_labels(arena, out, &labels);
    return read_expressions(arena, ha_node_get(node, "matchExpressions"), false, out,
                            err);
}

static int read_node_term(struct sim_arena *arena, const struct ha_node *node,
                          struct ha_node_term *out, struct sim_err *err)
{
    int code;

    if (node == NULL || node->kind != HA_NODE_MAP) {
        return ha_node_error(err, node, "expected a term with matchExpressions");
    }
    code = read_expressions(arena, ha_node_get(node, "matchExpressions"), true,
                            &out->labels, err);
    if (code == 0) {
        code = read_expressions(arena, ha_node_get(node, "matchFields"), true,
                                &out->fields, err);
    }
    for (uint32_t i = 0; code == 0 && i < out->fields.n; i++) {
        if (strcmp(out->fields.item[i].key, "metadata.name") != 0) {
            code = ha_node_error(err, node, "matchFields: only metadata.name is known");
        }
    }
    return code;
}

int ha_node_terms_read(struct sim_arena *arena, const struct ha_node *node,
                       bool is_weighted, struct ha_node_terms *out, struct sim_err *err)
{
    memset(out, 0, sizeof(*out));
    if (ha_node_is_null(node)) {
        return 0;
    }
    if (node->kind != HA_NODE_LIST) {
        return ha_node_error(err, node, "expected a list of node selector terms");
    }
    out->item = sim_arena_calloc(arena, node->n, sizeof(*out->item));
    out->n = node->n;
    for (uint32_t i = 0; i < node->n; i++) {
        const struct ha_node *term = node->item[i];
        int64_t weight = 0;
        int code;

        if (is_weighted) {
            const struct ha_node *at = ha_node_get(term, "weight");

            if (!ha_node_int(at, &weight) || weight < 1 || weight > 100) {
                return ha_node_error(err, at != NULL ? at : term,
                                     "weight: expected a whole number from 1 to 100");
            }
            term = ha_node_get(term, "preference");
        }
        out->item[i].weight = (int32_t)weight;
        code = read_node_term(arena, term != NULL ? term : node->item[i], &out->item[i],
                              err);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

/* ---- matching ---- */

static bool has_value(const struct ha_requirement *requirement, const char *value)
{
    for (uint32_t i = 0; i < requirement->n_values; i++) {
        if (strcmp(requirement->value[i], value) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct ha_requirement *requirement, const char *value)
{
    int64_t number;

    switch (requirement->op) {
    case HA_OP_IN:
        return value != NULL && has_value(requirement, value);
    case HA_OP_NOT_IN:
        return value == NULL || !has_value(requirement, value);
    case HA_OP_EXISTS:
        return value != NULL;
    case HA_OP_DOES_NOT_EXIST:
        return value == NULL;
    case HA_OP_GT:
        return value != NULL && read_whole(value, &number) &&
               number > requirement->bound;
    case HA_OP_LT:
        return value != NULL && read_whole(value, &number) &&
               number < requirement->bound;
    }
    return false;
}

bool ha_selector_matches(const struct ha_selector *selector,
                         const struct ha_labels *labels)
{
    if (selector->is_nothing) {
        return false;
    }
    for (uint32_t i = 0; i < selector->n; i++) {
        const struct ha_requirement *requirement = &selector->item[i];

        if (!holds(requirement, ha_labels_get(labels, requirement->key))) {
            return false;
        }
    }
    return true;
}

bool ha_selector_is_empty(const struct ha_selector *selector)
{
    return !selector->is_nothing && selector->n == 0;
}

bool ha_node_term_matches(const struct ha_node_term *term,
                          const struct ha_labels *labels, const char *name)
{
    if (term->labels.n == 0 && term->fields.n == 0) {
        return false;
    }
    for (uint32_t i = 0; i < term->fields.n; i++) {
        if (!holds(&term->fields.item[i], name)) {
            return false;
        }
    }
    return ha_selector_matches(&term->labels, labels);
}

bool ha_node_terms_match(const struct ha_node_terms *terms,
                         const struct ha_labels *labels, const char *name)
{
    for (uint32_t i = 0; i < terms->n; i++) {
        if (ha_node_term_matches(&terms->item[i], labels, name)) {
            return true;
        }
    }
    return false;
}
