/*
 * The CPUs' worth of time that the process's control groups allow it.
 *
 * CONTRACT  A group's quota holds for all groups below it too, so the smallest
 *           one counts, from the process's own group up to the root. What
 *           cannot be read sets no limit.
 * STATE     Version 2 of the groups has ROOT/GROUP/cpu.max ("max PERIOD", or
 *           "QUOTA PERIOD", in microseconds), version 1 the two numbers in two
 *           files below ROOT/cpu; -1 is no limit. The process's groups are
 *           lines of one file: "0::GROUP" for version 2, and for version 1
 *           "7:cpu,cpuacct:GROUP". In a container that file may tell a path of
 *           the host's, of which only the root can be found here.
 */
#include "os/os.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_LIMIT UINT_MAX

static unsigned
smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Up to two numbers from a file of a group: how many could be read. */
static int
read_numbers(const char *root, const char *group, const char *name,
             long long *first, long long *second)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s/%s", root, group, name);
    FILE *file = length < (int)sizeof path ? fl_os_open(path, false) : NULL;
    if (!file) {
        return 0;
    }
    /* they are the kernel's, and fit: NOLINTNEXTLINE(cert-err34-c) */
    int n = fscanf(file, "%lld %lld", first, second);
    fclose(file);
    return n;
}

static unsigned
quota_of(const char *root, const char *group)
{
    long long quota = 0, period = 100000, none;
    int n = read_numbers(root, group, "cpu.max", &quota, &period);
    if (n < 1 &&
        read_numbers(root, group, "cpu.cfs_quota_us", &quota, &none) == 1) {
        read_numbers(root, group, "cpu.cfs_period_us", &period, &none);
    }
    if (quota <= 0 || period <= 0 || quota / period >= NO_LIMIT) {
        return NO_LIMIT;
    }
    return (unsigned)(quota / period + (quota % period != 0));
}

/* The smallest from that group up to the root; shortens `group`. */
static unsigned
quota_upwards(const char *root, char *group)
{
    unsigned least = quota_of(root, group);
    char *slash;
    while ((slash = strrchr(group, '/'))) {
        *slash = 0;
        least = smaller(least, quota_of(root, group));
    }
    return least;
}

/* Whether "cpu" is in the list of controllers, up to a colon. */
static bool
has_cpu(const char *list)
{
    while (*list != ':') {
        size_t length = strcspn(list, ",:");
        if (length == 3 && strncmp(list, "cpu", 3) == 0) {
            return true;
        }
        list += length + (list[length] == ',');
    }
    return false;
}

/* That of a line of the process's groups. */
static unsigned
quota_of_line(const char *root, const char *root_1, char *line)
{
    char *list = strchr(line, ':');
    char *group = list ? strchr(list + 1, ':') : NULL;
    if (!group) {
        return NO_LIMIT;
    }
    group++;
    group[strcspn(group, "\n")] = 0;
    if (list[1] == ':') {
        return quota_upwards(root, group);
    }
    return has_cpu(list + 1) ? quota_upwards(root_1, group) : NO_LIMIT;
}

unsigned
fl_os_quota(const char *groups, const char *root)
{
    char root_1[256], *line = NULL;
    size_t size = 0;
    snprintf(root_1, sizeof root_1, "%s/cpu", root);
    unsigned least = smaller(quota_of(root, ""), quota_of(root_1, ""));
    FILE *file = fl_os_open(groups, false);
    while (file && getline(&line, &size, file) > 0) {
        least = smaller(least, quota_of_line(root, root_1, line));
    }
    if (file) {
        fclose(file);
    }
    free(line);
    return least;
}
