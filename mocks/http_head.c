#include "mocks/http_head.h"

#include <string.h>
#include <strings.h>

static char mark; /* its address stands for a target that is none */

/* ---- targets --------------------------------------------------------------------------------- */

/* Blanks and control characters stand in no target, and an encoded NUL would hide what follows. */
static bool is_target(const char *target)
{
    for (const char *c = target; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7F) return false;
    }
    return strstr(target, "%00") == NULL;
}

void *http_head_look_at_target(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    return is_target(target) ? NULL : &mark;
}

bool http_head_is_mark(const void *kept)
{
    return kept == &mark;
}

/* ---- headers --------------------------------------------------------------------------------- */

struct counts {
    unsigned hosts, lengths, codings;
    bool chunked;
    bool misnamed;
};

/* A token, RFC 9110 section 5.6.2: whatever else is in a name, others may read as another name. */
static bool is_name(const char *name, size_t size)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        const bool alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || strchr(marks, c) == NULL)) return false;
    }
    return size > 0;
}

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_size, const char *value, size_t value_size)
{
    struct counts *const counts = context;
    (void)kind;
    (void)value_size;
    if (!is_name(name, name_size)) counts->misnamed = true;
    if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) counts->hosts++;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) counts->lengths++;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        counts->codings++;
        counts->chunked = value != NULL && strcasecmp(value, "chunked") == 0;
    }
    return counts->misnamed ? MHD_NO : MHD_YES;
}

uint16_t http_head_refusal(struct MHD_Connection *connection, const char *version, const void *kept)
{
    struct counts counts = {0};
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_header, &counts);
    if (http_head_is_mark(kept) || counts.misnamed) return MHD_HTTP_BAD_REQUEST;
    if (counts.hosts > 1 || counts.lengths > 1 || counts.codings > 1) return MHD_HTTP_BAD_REQUEST;
    if (counts.codings == 0) return 0;
    if (counts.lengths > 0 || strcmp(version, MHD_HTTP_VERSION_1_0) == 0) {
        return MHD_HTTP_BAD_REQUEST;
    }
    return counts.chunked ? 0 : MHD_HTTP_NOT_IMPLEMENTED;
}
