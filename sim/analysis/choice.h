/* sim/analysis/choice.h - what customers then do: the one part of a tuning that takes a model.
 *
 * Which quote other weights would have selected is counted (replay.h). Whether the customer buys it
 * is not: the quote was never shown. Two ways to say something, and each says what it is:
 *
 *   choice_fit.h      purchases are known: a logit with an outside option is fitted to them, with
 *                     errors that hold for clusters; willingness to pay
 *   choice_metric.h   what a policy then earns, and how sure that is: the model's part and the
 *                     orders' part apart
 *   choice_prior.h    nothing is known: a stated range instead of an estimate, and where in the
 *                     range the better policy would change
 *   choice_ratings.h  the file with purchases and ratings
 *
 * Only quotes that were shown have outcomes, and they were shown because a policy liked them: price
 * and what the policy saw beside it go together, and a coefficient may owe something to that. Only
 * choosing at random now and then (off_policy.h) mends it; every report has to say so.
 */
#ifndef SIM_ANALYSIS_CHOICE_H
#define SIM_ANALYSIS_CHOICE_H

#include "sim/analysis/choice_fit.h"
#include "sim/analysis/choice_metric.h"
#include "sim/analysis/choice_prior.h"
#include "sim/analysis/choice_ratings.h"

#endif
