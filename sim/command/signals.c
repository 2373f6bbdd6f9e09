#include "sim/command/signals.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "router/base/leftover.h"

static volatile sig_atomic_t stop_signal;
static _Atomic(const char *) last_words;

static void set_of_ours(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
}

static void on_last_signal(int number)
{
    const char *words = atomic_load(&last_words);
    leftover_remove_all();
    if (words != NULL) {
        const ssize_t written = write(STDERR_FILENO, words, strlen(words));
        (void)written;
    }
    _exit(128 + number);
}

static void on_signal(int number)
{
    if (stop_signal != 0) on_last_signal(number);
    stop_signal = number;
}

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    set_of_ours(&action.sa_mask); /* one at a time */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

const volatile sig_atomic_t *signals_catch(void)
{
    stop_signal = 0;
    handle(on_signal);
    return &stop_signal;
}

void signals_leave_at_next(void)
{
    handle(on_last_signal);
}

void signals_leave_with(const char *words)
{
    atomic_store(&last_words, words);
}

void signals_hold(sigset_t *before)
{
    sigset_t set;
    set_of_ours(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, before);
}

void signals_free(const sigset_t *before)
{
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}
