#include "sim/command/mock_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mocks/marked_file.h"
#include "mocks/signing.h"
#include "router/base/text.h"

/* A comment in an env file, and passed over by readers of PEM. */
static const char our_mark[] = "# routesim mock: credentials that open nothing but its mocks\n";

static bool refuse(struct err *err, const char *path, const char *what)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = err_keep_name(path)}, "%s: %s",
                    what, strerror(errno));
}

/* ---- the folder ------------------------------------------------------------------------------ */

/* An absolute name, that works wherever a client is started. */
static bool name_whole(const char *directory, char path[MOCK_KEYS_PATH_MAX], struct err *err)
{
    char current[MOCK_KEYS_PATH_MAX] = "";
    if (directory[0] != '/' && getcwd(current, sizeof current) == NULL) {
        return refuse(err, directory, "nobody knows which folder this is");
    }
    const int length = snprintf(path, MOCK_KEYS_PATH_MAX, "%s%s%s", current,
                                directory[0] == '/' ? "" : "/", directory);
    if (length > 0 && length < MOCK_KEYS_PATH_MAX) return true;
    return err_fail(err, ERR_USAGE, (struct place){0}, "the folder's name is too long");
}

bool mock_keys_folder(const char *directory, char path[MOCK_KEYS_PATH_MAX], struct err *err)
{
    struct stat there;
    if (!name_whole(directory, path, err)) return false;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return refuse(err, directory, "the folder cannot be made");
    }
    if (stat(path, &there) != 0) return refuse(err, directory, "the folder cannot be looked at");
    if (!S_ISDIR(there.st_mode)) {
        return err_fail(err, ERR_USAGE, (struct place){.file = err_keep_name(directory)},
                        "is no folder");
    }
    if ((there.st_mode & (S_IWGRP | S_IWOTH)) == 0) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){.file = err_keep_name(directory)},
                   "others may write into this folder, and keys do not belong there");
    return err_hint(err, "chmod 700 %s", directory);
}

bool mock_keys_claim(const char *path, int *claim, struct err *err)
{
    const struct place place = {.file = err_keep_name(path)};
    *claim = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*claim < 0) return refuse(err, path, "the folder cannot be opened");
    if (flock(*claim, LOCK_EX | LOCK_NB) == 0) return true;
    const bool taken = errno == EWOULDBLOCK;
    (void)close(*claim);
    *claim = -1;
    if (!taken) return true;
    (void)err_fail(err, ERR_USAGE, place,
                   "the keys of a mock that runs are in this folder, and would be overwritten");
    return err_hint(err, "name another folder, or stop that mock first");
}

static bool write_file(const char *directory, const char *name, const char *bytes, struct err *err)
{
    const struct marked_file wish = {
        .directory = directory, .name = name, .mark = our_mark, .bytes = bytes, .mode = 0600};
    return marked_file_write(&wish, err);
}

/* ---- what is in them ------------------------------------------------------------------------- */

/* In double quotes where it needs them, and read alike by a shell and by --env-file. */
static void put_quoted(struct text *text, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:";
    if (value[strspn(value, plain)] == '\0') {
        text_put(text, value);
        return;
    }
    text_char(text, '"');
    for (const char *c = value; *c != '\0'; c++) {
        if (strchr("\"\\$`", *c) != NULL) text_char(text, '\\');
        text_char(text, *c);
    }
    text_char(text, '"');
}

static void put_pair(struct text *text, const char *key, const char *value)
{
    text_format(text, "%s=", key);
    put_quoted(text, value);
    text_char(text, '\n');
}

/* "id:secret", where one text has to hold both. */
static void put_joined(struct text *text, const char *key, const struct credential *credential)
{
    char both[192];
    (void)snprintf(both, sizeof both, "%s:%s", credential->id, credential->secret);
    put_pair(text, key, both);
}

static void put_provider(struct text *text, const struct mock_keys *keys, enum provider provider)
{
    const struct credential credential = backend_credential_texts(
        keys->backends[provider], backend_credential(keys->backends[provider], 0));
    char path[MOCK_KEYS_PATH_MAX + 64];
    text_format(text, "\n# %s: %s\n", provider_traits[provider].id, keys->urls[provider]);
    if (credential.id == NULL) {
        text_put(text, "# accepts no credential: it has expired\n");
        return;
    }
    switch (provider) {
    case PROVIDER_MEALME:
        put_joined(text, "MEALME_API_KEY", &credential);
        put_pair(text, "MEALME_API_BASE", keys->urls[provider]);
        break;
    case PROVIDER_INSTACART:
        put_pair(text, "INSTACART_CLIENT_ID", credential.id);
        put_pair(text, "INSTACART_CLIENT_SECRET", credential.secret);
        put_joined(text, "INSTACART_API_KEY", &credential);
        break;
    case PROVIDER_KROGER_API:
        put_pair(text, "KROGER_CLIENT_ID", credential.id);
        put_pair(text, "KROGER_CLIENT_SECRET", credential.secret);
        break;
    case PROVIDER_WALMART_API:
        (void)snprintf(path, sizeof path, "%s/walmart-private.pem", keys->directory);
        put_pair(text, "WALMART_CONSUMER_ID", credential.id);
        put_pair(text, "WALMART_PRIVATE_KEY_FILE", path);
        put_pair(text, "WALMART_KEY_VERSION", keys->key_version);
        put_pair(text, "WALMART_PARTNER_ID", credential.id);
        put_pair(text, "WALMART_API_KEY", credential.secret);
        break;
    case PROVIDER_COUNT:
        break;
    }
}

static bool write_env(const struct mock_keys *keys, struct err *err)
{
    struct text text = {0};
    if (keys->admin_url != NULL) text_format(&text, "# ADMIN: %s\n", keys->admin_url);
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if ((keys->providers >> p & 1u) != 0) put_provider(&text, keys, p);
    }
    const bool written = text.failed
                             ? err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory")
                             : write_file(keys->directory, "mock.env", text.bytes, err);
    text_release(&text);
    return written;
}

bool mock_keys_write(const struct mock_keys *keys, struct err *err)
{
    if ((keys->providers >> PROVIDER_WALMART_API & 1u) != 0) {
        const char *const pem = signing_keys_private_pem(
            backend_generation_at(keys->backends[PROVIDER_WALMART_API], 0), err);
        if (pem == NULL || !write_file(keys->directory, "walmart-private.pem", pem, err)) {
            return false;
        }
    }
    if (keys->certificates != NULL &&
        !certificates_write(keys->certificates, keys->directory, err)) {
        return false;
    }
    return write_env(keys, err);
}
