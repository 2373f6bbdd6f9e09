/* Orders, money and the error budget. */
#include <math.h>

#include "reports/findings.h"
#include "reports/groups.h"
#include "reports/html.h"
#include "reports/show.h"

enum { TABLE_ROWS_MAX = 12 };

static void put_endings(struct html *page)
{
    static const struct html_column columns[] = {
        {"How routing ended", false}, {"Orders", true}, {"Share", true}};
    const struct result *result = page->result;
    uint64_t sum = 0;
    bool named = false;
    for (size_t i = 0; i < 8; i++) {
        sum += result->order_codes[i];
        named |= result->order_code_names[i] != NULL;
    }
    if (sum == 0 || !named) return;
    html_table_begin(page, "Orders by how they ended (exact counts)", columns, 3);
    for (size_t i = 0; i < 8; i++) {
        if (result->order_code_names[i] == NULL) continue;
        html_row_begin(page, result->order_code_names[i]);
        html_cell_count(page, (double)result->order_codes[i]);
        html_cell_share(page, (double)result->order_codes[i] / (double)sum);
        html_row_end(page);
    }
    html_table_end(page);
}

static void table_of_budget(struct html *page)
{
    static const struct html_column columns[] = {{"Up to", false},
                                                 {"Orders", true},
                                                 {"Not good", true},
                                                 {"Spent", true},
                                                 {"Even pace", true}};
    struct groups groups;
    struct err err;
    if (!groups_make(&groups, page->result, TABLE_ROWS_MAX, &err)) {
        page->out->failed = true;
        return;
    }
    html_table_begin(page, "Budget spent by then", columns, 5);
    for (uint32_t i = 0; i < groups.count; i++) {
        const struct group *group = &groups.items[i];
        struct text words = {0};
        show_instant(&words, group->until_us);
        html_row_begin(page, words.bytes ? words.bytes : "");
        html_cell_count(page, (double)group->orders);
        html_cell_count(page, group->orders > group->ok ? (double)(group->orders - group->ok) : 0);
        text_clear(&words);
        show_small_share(&words, group->budget_burned);
        text_format(page->out, "<td class=\"n\">%s</td>", words.bytes ? words.bytes : "");
        text_clear(&words);
        show_small_share(&words, (double)group->until_us / (double)page->result->slo_period_us);
        text_format(page->out, "<td class=\"n\">%s</td>", words.bytes ? words.bytes : "");
        html_row_end(page);
        text_release(&words);
    }
    html_table_end(page);
    groups_release(&groups);
}

static void put_objective(struct html *page)
{
    const struct result *result = page->result;
    if (!result->slo_given) return;
    struct text words = {0};
    text_put(&words, "The objective: ");
    text_double(&words, round(result->slo_objective * 1e9) / 1e7);
    text_char(&words, '%');
    text_put(&words, " of orders good by ");
    text_put(&words, result->slo_indicator);
    text_put(&words, " over ");
    show_span(&words, result->slo_period_us);
    text_put(&words, ".");
    text_put(page->out, "<p>");
    html_text(page, words.bytes ? words.bytes : "");
    text_put(page->out, "</p>\n");
    text_release(&words);
}

bool html_money(struct html *page, struct err *err)
{
    static const enum metric money[] = {METRIC_CART_CENTS,         METRIC_COMMISSION_CENTS,
                                        METRIC_SAVINGS_MEAN_CENTS, METRIC_SAVINGS_BEST_CENTS,
                                        METRIC_ETA_MINUTES,        METRIC_FILL_RATE,
                                        METRIC_ESTIMATED_WINS,     METRIC_EMPTY_WINS};
    static const enum metric outcomes[] = {
        METRIC_CONFIRMED, METRIC_CONFIRM_FAIL_RATE, METRIC_FAILOVERS,      METRIC_DELIVERED_RATE,
        METRIC_LATE_RATE, METRIC_SHORT_RATE,        METRIC_CANCELLED_RATE, METRIC_RATING};
    html_section(page, "money", "Orders and money");
    text_put(page->out, "<p>");
    html_finding(page, finding_money);
    text_put(page->out, "</p>\n");
    html_metrics(page, "What the selected quotes were worth", money, sizeof money / sizeof *money);
    put_endings(page);
    html_metrics(page, "What became of placed orders", outcomes,
                 sizeof outcomes / sizeof *outcomes);
    html_section(page, "budget", "Error budget");
    put_objective(page);
    return html_figure(page, "budget", finding_budget,
                       "The dashed line would spend the budget evenly, to the end of its period.",
                       table_of_budget, err);
}
