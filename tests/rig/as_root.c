/* iaxmodem and HylaFAX ask whether they are root and go away when not. On a pseudo-terminal and in a folder of their own they need nothing that is root's: loaded
 * before them (LD_PRELOAD), this says yes and changes no user. iaxmodem's settings, /etc/iaxmodem/NAME, are NAME in its own folder instead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

uid_t getuid(void) { return 0; }
uid_t geteuid(void) { return 0; }
int setuid(uid_t user) { (void) user; return 0; }
int seteuid(uid_t user) { (void) user; return 0; }
int setgid(gid_t group) { (void) group; return 0; }
int setegid(gid_t group) { (void) group; return 0; }
int setgroups(size_t count, const gid_t *groups) { (void) count; (void) groups; return 0; }
int initgroups(const char *user, gid_t group) { (void) user; (void) group; return 0; }
int chown(const char *path, uid_t user, gid_t group) { (void) path; (void) user; (void) group; return 0; }
int fchown(int file, uid_t user, gid_t group) { (void) file; (void) user; (void) group; return 0; }

int open(const char *path, int flags, ...)
{
    static const char settings[] = "/etc/iaxmodem/";
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...)) dlsym(RTLD_NEXT, "open");
    va_list rest;
    mode_t mode = 0;
    va_start(rest, flags);
    if (flags & O_CREAT)
        mode = va_arg(rest, mode_t);
    va_end(rest);
    if (strncmp(path, settings, sizeof settings - 1) == 0)
        path += sizeof settings - 1;
    return real(path, flags, mode);
}
