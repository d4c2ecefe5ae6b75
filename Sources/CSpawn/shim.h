#include <spawn.h>

// glibc 2.34 and later have it, but show it only to those who define _GNU_SOURCE, which the Swift module does not.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
