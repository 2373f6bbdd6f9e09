#include "sim/world/drill_spec.h"

#include <stddef.h>

const char *const probe_mode_names[PROBE_MODE_COUNT + 1] = {"start",      "end",      "edge",
                                                            "continuous", "on_chaos", NULL};
const char *const step_verb_names[STEP_VERB_COUNT + 1] = {
    "set",          "unset",      "redeploy", "rotate", "verify", "request",
    "health_check", "wait_until", "rollback", "note",   "fail",   NULL};
const char *const wait_for_names[WAIT_COUNT + 1] = {
    "nothing", "fault_cleared", "alert_resolved", "alert_firing", "hypothesis_met", NULL};
const char *const on_failure_names[ON_FAILURE_COUNT + 1] = {"continue", "stop", "rollback", NULL};
const char *const mistake_names[MISTAKE_COUNT + 1] = {"none",      "typo",        "wrong_provider",
                                                      "forgotten", "wrong_value", NULL};
const char *const rollback_strategy_names[ROLLBACK_STRATEGY_COUNT + 1] = {
    "default", "always", "never", "deviated", NULL};
const char *const drill_verdict_names[VERDICT_COUNT + 1] = {"pass",    "fail",    "deviated",
                                                            "aborted", "invalid", NULL};
const char *const drill_measure_names[MEASURES + 1] = {"ttd",
                                                       "tta",
                                                       "ttm",
                                                       "ttr",
                                                       "ttd_from_fault",
                                                       "tti",
                                                       "ttm_from_fault",
                                                       "ttr_from_fault",
                                                       "time_to_act",
                                                       "time_differing",
                                                       "time_in_mock",
                                                       "debt_time",
                                                       "rto_met",
                                                       "budget_burned",
                                                       "budget_before_detect",
                                                       "budget_before_mitigate",
                                                       "budget_before_recover",
                                                       "budget_after",
                                                       "blast_radius",
                                                       "authentic_ratio",
                                                       "bad_orders",
                                                       "failed_orders",
                                                       "orders_lost",
                                                       "orders_gained",
                                                       "fake_price_orders",
                                                       "debt_orders",
                                                       "pages",
                                                       "false_pages",
                                                       "noops",
                                                       "commission_lost",
                                                       "revenue_lost",
                                                       "price_delta",
                                                       NULL};
const char *const step_outcome_names[STEP_OUTCOME_COUNT + 1] = {
    "not reached", "done", "no effect", "failed", "skipped", NULL};
