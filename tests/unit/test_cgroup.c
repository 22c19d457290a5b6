/* CPUs by the quotas of control groups: groups that are files of this test. */
#include "../harness/harness.h"
#include "os/os.h"
#include "sched/config.h"
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[500];
static char groups[sizeof root + 20];

/* Each test starts with a root without any group. */
static void
begin(void)
{
    snprintf(root, sizeof root, "%s/filch-XXXXXX", scratch_folder());
    CHECK(mkdtemp(root) != NULL);
    snprintf(groups, sizeof groups, "%s/groups", root);
}

static void
end(void)
{
    char command[sizeof root + 20];
    snprintf(command, sizeof command, "rm -rf %s", root);
    CHECK(system(command) == 0);
}

/* Writes a file below the root, making the folders on the way. */
static void
put(const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/'));
         *at++ = '/') {
        *at = 0;
        CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
    }
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

static unsigned
quota(void)
{
    return fl_os_quota(groups, root);
}

/* --- Version 2 ----------------------------------------------------------- */

TEST(quota_of_no_group_is_no_limit)
{
    begin();
    EQ(UINT_MAX, quota()); /* not even a list of groups */
    put("groups", "0::/\n");
    EQ(UINT_MAX, quota());
    put("cpu.max", "max 100000\n");
    EQ(UINT_MAX, quota());
    end();
}

TEST(quota_counts_a_part_of_a_cpu_as_a_whole)
{
    static const struct {
        const char *text;
        unsigned cpus;
    } rows[] = {
        {"300000 100000\n", 3},
        {"300001 100000\n", 4},
        {"299999 100000\n", 3},
        {"1000 100000\n", 1},
        {"50000 10000\n", 5},
        {"max 10000\n", ~0u},
        {"0 100000\n", ~0u},
        {"100000 0\n", ~0u},
        {"\n", ~0u},
        {"9223372036854775807 1\n", ~0u},
    };
    begin();
    put("groups", "0::/\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        check_context(rows[i].text);
        put("cpu.max", rows[i].text);
        EQ(rows[i].cpus, quota());
    }
    end();
}

TEST(quota_is_that_of_the_processs_own_group_however_deep)
{
    begin();
    put("groups", "0::/user.slice/a b/run-1.scope\n");
    put("user.slice/a b/run-1.scope/cpu.max", "200000 100000\n");
    EQ(2, quota());
    put("groups", "0::/user.slice/other\n"); /* not one beside it */
    EQ(UINT_MAX, quota());
    end();
}

TEST(quota_is_the_smallest_up_to_the_root)
{
    begin();
    put("groups", "0::/a/b/c\n");
    put("a/b/c/cpu.max", "700000 100000\n");
    EQ(7, quota());
    put("a/b/cpu.max", "500000 100000\n");
    EQ(5, quota());
    put("a/cpu.max", "600000 100000\n");
    EQ(5, quota());
    put("cpu.max", "400000 100000\n");
    EQ(4, quota());
    put("a/b/c/cpu.max", "300000 100000\n");
    EQ(3, quota());
    end();
}

TEST(quota_passes_over_a_line_that_names_no_group)
{
    begin();
    put("groups", "nonsense\n0\n0:\n0::/a\n");
    put("a/cpu.max", "300000 100000\n");
    EQ(3, quota());
    end();
}

TEST(quota_of_a_container_is_the_roots_where_its_group_cannot_be_found)
{
    begin();
    put("groups", "0::/docker/0123456789abcdef\n");
    put("cpu.max", "200000 100000\n");
    EQ(2, quota());
    end();
}

/* --- Version 1 ----------------------------------------------------------- */

TEST(quota_of_version_1_is_that_of_the_cpu_controllers_groups)
{
    begin();
    put("groups", "7:cpuset:/x\n5:cpuacct,cpu:/a/b\n1:name=systemd:/x\n0::/\n");
    put("cpu/cpu.cfs_quota_us", "-1\n");
    put("cpu/cpu.cfs_period_us", "100000\n");
    EQ(UINT_MAX, quota());
    put("cpu/x/cpu.cfs_quota_us", "100000\n"); /* another controller's group */
    EQ(UINT_MAX, quota());
    put("cpu/a/cpu.cfs_quota_us", "600000\n"); /* of the usual period */
    EQ(6, quota());
    put("cpu/a/b/cpu.cfs_quota_us", "100000\n");
    put("cpu/a/b/cpu.cfs_period_us", "20000\n");
    EQ(5, quota());
    put("cpu/cpu.cfs_quota_us", "400000\n");
    EQ(4, quota());
    end();
}

/* --- What it is for ------------------------------------------------------ */

TEST(cpus_are_the_affinitys_or_the_quotas_whichever_are_less)
{
    cpu_set_t all, one;
    begin();
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    unsigned cpus = (unsigned)CPU_COUNT(&all);
    put("groups", "0::/a\n");
    EQ(cpus, fl_os_cpus_by(groups, root));
    put("a/cpu.max", "100000 100000\n");
    EQ(1, fl_os_cpus_by(groups, root));
    put("a/cpu.max", "9900000 100000\n");
    EQ(cpus < 99 ? cpus : 99, fl_os_cpus_by(groups, root));
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    EQ(1, fl_os_cpus_by(groups, root));
    end();
}

TEST(workers_are_by_default_as_many_as_the_cpus_by_affinity_and_quota)
{
    filch_config config;
    OK(fl_config_resolve(&config, NULL));
    EQ(fl_os_cpus_by("/proc/self/cgroup", "/sys/fs/cgroup"), config.workers);
    EQ(fl_os_cpus(), config.workers);
}

TEST(cpus_are_counted_without_a_trace_in_errno)
{
    begin();
    errno = 4711;
    fl_os_cpus_by(groups, root); /* where nothing can be read */
    EQ(4711, errno);
    end();
}
