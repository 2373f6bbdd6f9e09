/* router/base/duration.h - spans of time and rates as people write them: "250ms", "1h30m", "40/s".
 *
 * A span is one or more whole numbers, each with its unit (us ms s m h d), largest unit first, with
 * nothing between: "90m", "1h30m", "2d12h". Bare numbers and fractions are refused, because
 * "timeout 10" has meant seconds to one reader and milliseconds to the next. Spans reach ten years
 * of 365 days. A rate is a decimal number, a slash and a unit (s m h d): "40/s", "0.5/h".
 *
 * `place` is where the text's first character stands (behind the quote of a JSON string); a place
 * without a column is reported as it is.
 *
 * Ownership: nothing is allocated.
 * Failure:   ERR_INPUT with the place moved to the characters that are wrong.
 */
#ifndef ROUTER_BASE_DURATION_H
#define ROUTER_BASE_DURATION_H

#include "router/base/err.h"

#define US_PER_MS       INT64_C(1000)
#define US_PER_SECOND   INT64_C(1000000)
#define US_PER_MINUTE   INT64_C(60000000)
#define US_PER_HOUR     INT64_C(3600000000)
#define US_PER_DAY      INT64_C(86400000000)
#define DURATION_US_MAX (INT64_C(3650) * US_PER_DAY)
enum { DURATION_TEXT_MAX = 40 };

/* Reads `text`, standing at `place`, into `span_us`, which is untouched on failure. */
bool duration_parse(const char *text, struct place place, int64_t *span_us, struct err *err);

/* Reads a rate into events per second, > 0 and finite. */
bool rate_parse(const char *text, struct place place, double *per_second, struct err *err);

/* The exact form, each unit once and zeros left out ("1h30m", "250ms", "0s"); duration_parse()
 * gives the same span back, unless it is negative ("-5s"), which only a report can want. */
void duration_format(int64_t span_us, char text[static DURATION_TEXT_MAX]);

/* For people: three significant figures at most and one unit ("0.62 s", "11.4 min", "250 ms", "36
 * us", "10 s"). Seconds begin at half a second, minutes at two, hours at two, days at two. */
void duration_for_people(int64_t span_us, char text[static DURATION_TEXT_MAX]);

/* UTC instants. Reads "2017-01-01T07:30:27Z" or "2017-01-01 07:30:27.6805900" (no zone: UTC) of the
 * years 1 to 9999 as microseconds since 1970; further digits of a fraction are cut off. Writes ISO
 * 8601 with milliseconds, cut as well, and Z. Proleptic Gregorian, no leap seconds, no libc. */
enum { INSTANT_TEXT_MAX = 32 };
bool instant_parse(const char *text, struct place place, int64_t *unix_us, struct err *err);
void instant_format(int64_t unix_us, char text[static INSTANT_TEXT_MAX]);

/* Days since 1970-01-01 of a civil date, and the weekday of a day number (0 = Monday). */
int64_t civil_days(int64_t year, unsigned month, unsigned day);
unsigned civil_weekday(int64_t days);

#endif
