/* How the numbers were made, what they cannot tell, and the files beside the page. */
#include <math.h>
#include <string.h>

#include "reports/html.h"
#include "reports/show.h"

static void put_latency_method(struct html *page)
{
    const struct result_latency *latency = &page->result->router_latency;
    struct text words = {0};
    if (latency->n == 0) return;
    if (latency->exact) {
        text_put(&words, "Router percentiles come from every one of ");
        text_grouped(&words, (int64_t)latency->n);
        text_put(&words, " latencies (exact), by linear interpolation.");
    } else {
        text_put(&words, "Router percentiles come from a logarithmic histogram of ");
        text_grouped(&words, (int64_t)latency->n);
        text_put(&words, " latencies; each is within ");
        text_fixed(&words, latency->error_bound * 100, 2);
        text_put(&words, "% of the exact one.");
    }
    html_item(page, words.bytes ? words.bytes : "");
    text_release(&words);
}

static void put_method(struct html *page)
{
    const struct result *result = page->result;
    const bool real = strcmp(result->clock, "real") == 0;
    html_section(page, "method", "Method and limits");
    text_put(page->out, "<ul class=\"method\">\n");
    put_latency_method(page);
    html_item(page,
              "A percentile is given where at least ten samples lie beyond it; otherwise it reads "
              "n/a with the number of samples it would need.");
    html_item(page,
              "A quote that timed out would have taken longer than its timeout. A percentile that "
              "falls among such quotes is known only as a lower bound and has a > before it.");
    html_item(page, "Latency counts from the instant an order was due. Phases go by the instant of "
                    "completion.");
    if (result->replications > 1) {
        struct text words = {0};
        text_format(
            &words,
            "Intervals are 95%% confidence intervals over %u replications; series and figures "
            "over time show replication 0.",
            result->replications);
        html_item(page, words.bytes ? words.bytes : "");
        text_release(&words);
    } else if (real) {
        html_item(page, "One replication: counts, shares and means are exact for this run and say "
                        "nothing about how another would fare.");
    } else {
        html_item(
            page,
            "One replication: counts, shares and means are exact for this run and say nothing "
            "about how another seed would fare. Use --replications for intervals.");
    }
    struct text words = {0};
    text_put(&words, "The event log holds ");
    text_grouped(&words, (int64_t)result->events_written);
    text_put(&words, " of ");
    text_grouped(&words, (int64_t)result->events_total);
    text_put(&words, " events.");
    if (result->events_total > 0) html_item(page, words.bytes ? words.bytes : "");
    text_clear(&words);
    text_format(&words, "Scenario %016llx, with the router's settings %016llx%s",
                (unsigned long long)result->scenario_hash,
                (unsigned long long)result->experiment_hash,
                real ? "." : ": runs with the same two, seed and version give the same bytes.");
    html_item(page, words.bytes ? words.bytes : "");
    text_release(&words);
    for (uint32_t i = 0; i < result->note_count; i++)
        html_item(page, result->notes[i]);
    text_put(page->out, "</ul>\n");
}

void html_method(struct html *page)
{
    html_calls(page);
    html_cache(page);
    put_method(page);
    html_files(page, "Files of this run, this page and run.json apart",
               "The run's other files stand beside this one; their hashes were not taken.");
}
