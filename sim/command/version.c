#include "sim/command/version.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <gsl/gsl_version.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <string.h>

#include "providers/redis_protocol.h"
#include "sim/command/child.h"
#include "sim/command/command.h"

const char *const version_library_names[VERSION_LIBRARY_COUNT] = {
    [LIBRARY_CURL] = "libcurl",   [LIBRARY_GSL] = "GSL",
    [LIBRARY_CJSON] = "cJSON",    [LIBRARY_MICROHTTPD] = "libmicrohttpd",
    [LIBRARY_CRYPTO] = "OpenSSL", [LIBRARY_HIREDIS] = "hiredis",
};

const char *version_text(void)
{
    return ROUTESIM_VERSION;
}

const char *version_commit(void)
{
    return ROUTESIM_COMMIT;
}

const char *version_of_library(enum version_library library)
{
    switch (library) {
    case LIBRARY_CURL:
        return curl_version_info(CURLVERSION_NOW)->version;
    case LIBRARY_GSL:
        return gsl_version;
    case LIBRARY_CJSON:
        return cJSON_Version();
    case LIBRARY_MICROHTTPD:
        return MHD_get_version();
    case LIBRARY_CRYPTO:
        return OpenSSL_version(OPENSSL_VERSION_STRING);
    case LIBRARY_HIREDIS:
        return redis_protocol_version();
    case VERSION_LIBRARY_COUNT:
        break;
    }
    assert(!"a library without a version");
    return "";
}

bool version_of_gnuplot(char version[static GNUPLOT_VERSION_MAX])
{
    version[0] = '\0';
    char answer[128];
    const char *const words[] = {"gnuplot", "--version", NULL};
    if (!child_first_line(words, answer, sizeof answer)) return false;
    /* "gnuplot 5.4 patchlevel 4" */
    if (strncmp(answer, "gnuplot ", 8) != 0) return false;
    const size_t length = strcspn(answer + 8, " ");
    if (length == 0 || length >= GNUPLOT_VERSION_MAX) return false;
    memcpy(version, answer + 8, length);
    version[length] = '\0';
    return true;
}

void version_write_line(struct text *text)
{
    text_format(text, "routesim %s (", version_text());
    for (enum version_library library = 0; library < VERSION_LIBRARY_COUNT; library++) {
        const char *const version = version_of_library(library);
        text_format(text, "%s%s%s", library > 0 ? ", " : "", version == NULL ? "no " : "",
                    version_library_names[library]);
        if (version != NULL) text_format(text, " %s", version);
    }
    char gnuplot[GNUPLOT_VERSION_MAX];
    text_put(text, ", ");
    text_put(text, version_of_gnuplot(gnuplot) ? "gnuplot " : "no gnuplot");
    text_format(text, "%s)\n", gnuplot);
}

static void put_member(struct text *text, const char *key, const char *value)
{
    text_char(text, ',');
    text_json_string(text, key);
    text_char(text, ':');
    text_json_string(text, value);
}

void version_write_json(struct text *text)
{
    text_put(text, "{\"schema\":\"routesim.version/1\"");
    put_member(text, "version", version_text());
    put_member(text, "commit", version_commit());
    put_member(text, "compiler", __VERSION__);
    text_put(text, ",\"libraries\":{");
    for (enum version_library library = 0; library < VERSION_LIBRARY_COUNT; library++) {
        if (library > 0) text_char(text, ',');
        text_json_string(text, version_library_names[library]);
        text_char(text, ':');
        const char *const version = version_of_library(library);
        if (version != NULL) {
            text_json_string(text, version);
        } else {
            text_put(text, "null");
        }
    }
    char gnuplot[GNUPLOT_VERSION_MAX];
    text_put(text, "},\"gnuplot\":");
    if (version_of_gnuplot(gnuplot)) {
        text_json_string(text, gnuplot);
    } else {
        text_put(text, "null");
    }
    text_put(text, "}\n");
}

int command_version(const struct invocation *invocation, struct console *console)
{
    struct text text = {0};
    if (invocation_on(invocation, OPTION_VERSION_JSON)) {
        version_write_json(&text);
    } else {
        version_write_line(&text);
    }
    return console_write(console, &text);
}
