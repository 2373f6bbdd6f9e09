#include "sim/analysis/runbook_curl.h"

#include <string.h>

/* Of curl's: those with a value, by letter and by name; then those without. */
static const char letters_with_value[] = "XHdoumATFbceKrwxyYzC";
static const char letters_alone[] = "sSfLivkIgGN#Oj0123456";

static const char *const names_with_value[] = {"--request",
                                               "--header",
                                               "--data",
                                               "--data-raw",
                                               "--data-binary",
                                               "--data-ascii",
                                               "--json",
                                               "--url",
                                               "--output",
                                               "--user",
                                               "--max-time",
                                               "--user-agent",
                                               "--retry",
                                               "--connect-timeout",
                                               "--write-out",
                                               "--retry-delay",
                                               "--form",
                                               "--cookie",
                                               "--cookie-jar",
                                               "--cacert",
                                               "--cert",
                                               "--key",
                                               "--referer",
                                               "--retry-max-time",
                                               "--resolve",
                                               "--oauth2-bearer",
                                               "--data-urlencode",
                                               "--proxy",
                                               NULL};
static const char *const names_alone[] = {"--silent",
                                          "--show-error",
                                          "--fail",
                                          "--location",
                                          "--include",
                                          "--verbose",
                                          "--insecure",
                                          "--compressed",
                                          "--fail-with-body",
                                          "--no-buffer",
                                          "--http1.1",
                                          "--http2",
                                          "--get",
                                          "--head",
                                          "--globoff",
                                          "--retry-connrefused",
                                          "--no-progress-meter",
                                          "--retry-all-errors",
                                          NULL};

struct reader {
    struct runbook_curl *curl;
    const struct runbook_command *command;
    const char *method; /* -X; NULL */
    bool get;           /* -G: data goes into the address */
    bool head;
};

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(word, *words) == 0) return true;
    return false;
}

static void take_body(struct reader *reader, const char *value, bool open, bool raw)
{
    struct runbook_curl *const curl = reader->curl;
    curl->bodies |= curl->body != NULL || curl->body_elsewhere;
    curl->body = value;
    curl->body_open |= open;
    if (raw || value[0] != '@') return;
    const bool stdin_known = strcmp(value, "@-") == 0 && reader->command->input != NULL;
    curl->body = stdin_known ? reader->command->input : NULL;
    curl->body_elsewhere |= !stdin_known;
}

static void take_url(struct reader *reader, const char *value, uint32_t word)
{
    if (reader->curl->url != NULL) return;
    reader->curl->url = value;
    reader->curl->url_word = word;
}

static void take_value(struct reader *reader, const char *option, const char *value, uint32_t word)
{
    static const char *const data[] = {"-d",           "--data", "--data-binary",
                                       "--data-ascii", "--json", NULL};
    const bool open = reader->command->words[word].open;
    if (strcmp(option, "-X") == 0 || strcmp(option, "--request") == 0)
        reader->method = value;
    else if (strcmp(option, "--url") == 0)
        take_url(reader, value, word);
    else if (strcmp(option, "--data-raw") == 0 || is_one_of(option, data))
        take_body(reader, value, open, strcmp(option, "--data-raw") == 0);
    else if (strcmp(option, "-F") == 0 || strcmp(option, "--form") == 0 ||
             strcmp(option, "-T") == 0 || strcmp(option, "--data-urlencode") == 0)
        reader->curl->body_elsewhere = true; /* no JSON, whatever it is */
}

/* "--data=x" is none of curl's, but "--data x" is; returns the last word that was taken. */
static uint32_t take_name(struct reader *reader, uint32_t word)
{
    const struct runbook_command *const command = reader->command;
    const char *const option = command->words[word].text;
    if (is_one_of(option, names_with_value) && word + 1 < command->word_count) {
        take_value(reader, option, command->words[word + 1].text, word + 1);
        return word + 1;
    }
    reader->get |= strcmp(option, "--get") == 0;
    reader->head |= strcmp(option, "--head") == 0;
    if (!is_one_of(option, names_alone)) reader->curl->unknown_option = option;
    return word;
}

/* "-sSX POST", "-XPOST", "-d@file". */
static uint32_t take_letters(struct reader *reader, uint32_t word)
{
    const struct runbook_command *const command = reader->command;
    for (const char *at = command->words[word].text + 1; *at != '\0'; at++) {
        const char option[] = {'-', *at, '\0'};
        if (strchr(letters_with_value, *at) != NULL) {
            const bool next = at[1] == '\0';
            if (next && word + 1 == command->word_count) return word;
            const uint32_t from = word + next;
            take_value(reader, option, next ? command->words[from].text : at + 1, from);
            return from;
        }
        reader->get |= *at == 'G';
        reader->head |= *at == 'I';
        if (strchr(letters_alone, *at) == NULL)
            reader->curl->unknown_option = command->words[word].text;
    }
    return word;
}

void runbook_curl_read(struct runbook_curl *curl, const struct runbook_command *command)
{
    struct reader reader = {.curl = curl, .command = command};
    *curl = (struct runbook_curl){0};
    for (uint32_t i = 1; i < command->word_count; i++) {
        const char *const word = command->words[i].text;
        if (word[0] != '-' || word[1] == '\0')
            take_url(&reader, word, i);
        else if (word[1] == '-')
            i = take_name(&reader, i);
        else
            i = take_letters(&reader, i);
    }
    const bool sends = (curl->body != NULL || curl->body_elsewhere) && !reader.get;
    curl->method = reader.method != NULL ? reader.method
                   : reader.head         ? "HEAD"
                   : sends               ? "POST"
                                         : "GET";
}
