/* sim/command/doctor.h - the inside of `routesim doctor`, for the files that make it up.
 *
 *   doctor.c          this machine: libraries, figures, folders, locale
 *   doctor_network.c  sockets, clocks, limits, TLS
 *   doctor_live.c     credentials, and whether real providers take them
 *
 * Each finding is one line: a verdict, what it is about, in which state, and what to do.
 */
#ifndef SIM_COMMAND_DOCTOR_H
#define SIM_COMMAND_DOCTOR_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"

enum finding { FINDING_GOOD, FINDING_WARNING, FINDING_BAD, FINDING_COUNT };

struct examination {
    struct console *console;
    struct text text;
    unsigned counts[FINDING_COUNT];
};

void examination_note(struct examination *examination, enum finding finding, const char *what,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* doctor_network.c */
void examine_features(struct examination *examination);
void examine_authorities(struct examination *examination);
void examine_ports(struct examination *examination);
void examine_limits(struct examination *examination);
void examine_blackhole(struct examination *examination);
void examine_clock(struct examination *examination);

/* doctor_live.c: which credentials are there, and with --live whether they are accepted. 0, or the
 * exit code of a command line or scenario that cannot be used. */
int examine_providers(struct examination *examination, const struct invocation *invocation);

#endif
