#include "providers/cassette_names.h"

#include <string.h>

enum { NAME_LETTERS_MAX = 64 };

/* Letters and digits, small. Of a long name the end, where it says what it is. */
static void reduce(const char *name, size_t length, char letters[static NAME_LETTERS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) continue;
        if (count == NAME_LETTERS_MAX - 1) memmove(letters, letters + 1, --count);
        letters[count++] = c;
    }
    letters[count] = '\0';
}

static bool is_among(const char *letters, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (letters[0] == (*list)[0] && strcmp(letters, *list) == 0) return true;
    }
    return false;
}

static bool holds_any(const char *letters, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strstr(letters, *list) != NULL) return true;
    }
    return false;
}

static bool is_token(const char *letters)
{
    static const char *const others[] = {"tokentype", "tokenexpires", "tokenexpiry", "tokenlife",
                                         "pagetoken", "tokenurl",     "tokenpath",   NULL};
    return strstr(letters, "token") != NULL && !holds_any(letters, others);
}

static bool is_secret(const char *letters)
{
    static const char *const parts[] = {"secret",        "password",   "passwd",    "passphrase",
                                        "apikey",        "accesskey",  "secretkey", "privatekey",
                                        "authorization", "credential", "signature", "assertion",
                                        "bearer",        "wmsec",      NULL};
    static const char *const wholes[] = {"auth",         "pwd",         "jwt",    "clientid",
                                         "consumerid",   "appid",       "cookie", "setcookie",
                                         "wmconsumerid", "publisherid", "sid",    "xauth",
                                         "xconsumerid",  "sessionid",   NULL};
    return holds_any(letters, parts) || is_among(letters, wholes);
}

static bool is_customer(const char *letters, bool response)
{
    static const char *const anywhere[] = {
        "username",       "useremail",       "userphone",        "userid",        "userstreetnum",
        "userstreetname", "userstreetaddr",  "userstreet",       "useraddress",   "userlatitude",
        "userlongitude",  "customername",    "customeremail",    "customerphone", "customerid",
        "customerstreet", "customeraddress", "userdropoffnotes", "usernotes",     NULL};
    static const char *const asked[] = {"email",
                                        "phone",
                                        "phonenumber",
                                        "firstname",
                                        "lastname",
                                        "fullname",
                                        "street",
                                        "streetaddress",
                                        "streetaddr",
                                        "streetnum",
                                        "streetnumber",
                                        "streetname",
                                        "addressline1",
                                        "addressline2",
                                        "latitude",
                                        "longitude",
                                        "lat",
                                        "lon",
                                        "lng",
                                        "filterlatnear",
                                        "filterlonnear",
                                        "recipient",
                                        "filterlatlongnear",
                                        "recipientname",
                                        "recipientphone",
                                        "birthday",
                                        "dateofbirth",
                                        NULL};
    return is_among(letters, anywhere) || (!response && is_among(letters, asked));
}

static bool varies(const char *letters)
{
    static const char *const names[] = {
        "timestamp", "correlationid",  "requestid",       "idempotencykey",        "nonce",
        "traceid",   "sentat",         "clientrequestid", "wmconsumerintimestamp", "intimestamp",
        "ts",        "wmsectimestamp", "transactionid",   "wmqoscorrelationid",    NULL};
    return is_among(letters, names);
}

enum name_class name_classify(const char *name, size_t length, bool response)
{
    char letters[NAME_LETTERS_MAX];
    reduce(name, length, letters);
    if (is_token(letters)) return NAME_TOKEN;
    if (varies(letters)) return NAME_VARIES;
    if (is_secret(letters)) return NAME_SECRET;
    return is_customer(letters, response) ? NAME_CUSTOMER : NAME_PLAIN;
}

bool name_is_credential_header(const char *name, size_t length)
{
    const enum name_class class = name_classify(name, length, true);
    return class == NAME_SECRET || class == NAME_TOKEN;
}

bool value_looks_random(const char *value, size_t length)
{
    enum { LONG_FOR_A_WORD = 20 };
    if (length >= LONG_FOR_A_WORD) return true;
    bool small = false;
    for (size_t i = 0; i < length; i++) {
        if (value[i] >= '0' && value[i] <= '9') return true;
        if (small && value[i] >= 'A' && value[i] <= 'Z') return true;
        small = small || (value[i] >= 'a' && value[i] <= 'z');
    }
    return false;
}
