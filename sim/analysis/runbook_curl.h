/* sim/analysis/runbook_curl.h - what a curl command would send, and where to.
 *
 * Options that take a value and those that take none are told apart for what runbooks use; one
 * that is not known here is named, for its value could be taken for the address. `-d @-` is the
 * command's here-document; `-d @file` lies where nobody looks.
 *
 * Ownership: texts are borrowed from the command's words. Failure: none.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_CURL_H
#define SIM_ANALYSIS_RUNBOOK_CURL_H

#include "sim/analysis/runbook_shell.h"

struct runbook_curl {
    const char *method; /* "GET", "POST", or as -X says */
    const char *url;    /* NULL: none */
    const char *body;   /* NULL: none */
    bool body_open;     /* holds what the responder, or his shell, fills in */
    bool body_elsewhere;
    bool bodies;                /* several: curl would join them with & */
    const char *unknown_option; /* NULL: all are known */
    uint32_t url_word;
};

void runbook_curl_read(struct runbook_curl *curl, const struct runbook_command *command);

#endif
