/* sim/command/mock_keys.h - what a client of the mocks has to know, as files: `mock --keys DIR`.
 *
 *   mock.env             KEY=value lines that --env-file and a shell's `.` can read      0600
 *   walmart-private.pem  the key that signs Walmart's affiliate headers                  0600
 *   ca.pem               with --tls: the authority behind the mocks' certificates        0644
 *
 * The folder is made (0700) when it is not there. Files that routesim did not write are left alone.
 * The credentials are the mocks' first generation and open nothing else in the world. One running
 * mock has a folder to itself: keys are made anew by each, and another's would lock out the clients
 * of the first.
 *
 * Failure: ERR_ENVIRONMENT, or ERR_USAGE for a file that is not ours; nothing half-written is left.
 */
#ifndef SIM_COMMAND_MOCK_KEYS_H
#define SIM_COMMAND_MOCK_KEYS_H

#include "mocks/http_server.h"

enum { MOCK_KEYS_PATH_MAX = 4096 };

struct mock_keys {
    const char *directory; /* as it was given */
    uint32_t providers;
    enum api apis[PROVIDER_COUNT];
    struct backend *backends[PROVIDER_COUNT];
    const char *urls[PROVIDER_COUNT];
    const char *admin_url;                   /* NULL: none */
    const char *key_version;                 /* Walmart's */
    const struct certificates *certificates; /* NULL: plain HTTP */
};

/* Makes the folder, and says how it is called from anywhere. */
bool mock_keys_folder(const char *directory, char path[MOCK_KEYS_PATH_MAX], struct err *err);

/* Claims the folder until `claim` is closed, or the process is gone, however it went. Nothing is
 * left in it. False: a mock that runs has it, or it cannot be opened; `claim` is -1 then, as where
 * a file system has no locks and nobody is kept out. */
bool mock_keys_claim(const char *path, int *claim, struct err *err);

bool mock_keys_write(const struct mock_keys *keys, struct err *err);

#endif
