/*
 * Foretells how workloads go on machines of many CPUs:
 *
 *     simulate [-j WORKERS] [-w WORKLOAD] [-s SEED] [-o CSV] [-V VARIANT]
 *              [NAME=NS...]
 *     simulate check     the same workloads with filch itself, on this machine
 *     simulate variants  what other protocols would change
 *     simulate costs     the table of costs
 */
#include "real.h"
#include "result.h"
#include "variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    struct costs costs;
    unsigned workers[16];
    size_t workers_count;
    const char *wanted, *csv;
    uint64_t seed;
    struct protocol protocol;
} options = {.workers = {1, 2, 8, 64, 256}, .workers_count = 5, .seed = 1};

static bool
parse_seed(const char *text, uint64_t *seed)
{
    char *end;
    *seed = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool
parse_workers(char *text)
{
    options.workers_count = 0;
    for (char *one = strtok(text, ","); one; one = strtok(NULL, ",")) {
        uint64_t n;
        if (!parse_seed(one, &n) || n < 1 || n > 4096 ||
            options.workers_count == 16)
            return false;
        options.workers[options.workers_count++] = (unsigned)n;
    }
    return options.workers_count > 0;
}

static bool
parse_cost(char *text)
{
    char *value = strchr(text, '='), *end;
    if (!value)
        return false;
    *value++ = '\0';
    double ns = strtod(value, &end);
    return end != value && *end == '\0' && ns >= 0 && ns < 1e12 &&
           costs_set(&options.costs, text, ns);
}

static bool
parse_variant(const char *name)
{
    const struct variant *variant = variant_find(name);
    if (variant)
        options.protocol = variant_protocol(variant);
    return variant != NULL;
}

static bool
parse_load(const char *name)
{
    bool any = false;
    for (size_t i = 0; i < load_count && !any; ++i)
        any = strstr(loads[i].name, name);
    options.wanted = name;
    return any;
}

static bool
parse(int argc, char **argv)
{
    options.costs = measured;
    options.protocol = as_is;
    for (int c; (c = getopt(argc, argv, "j:w:s:o:V:")) != -1;) {
        switch (c) {
        case 'j':
            if (!parse_workers(optarg))
                return false;
            break;
        case 'w':
            if (!parse_load(optarg))
                return false;
            break;
        case 's':
            if (!parse_seed(optarg, &options.seed))
                return false;
            break;
        case 'o':
            options.csv = optarg;
            break;
        case 'V':
            if (!parse_variant(optarg))
                return false;
            break;
        default:
            return false;
        }
    }
    return true;
}

static bool
is_wanted(const struct load *load)
{
    return !options.wanted || strstr(load->name, options.wanted);
}

static struct result
foretell(const struct load *load, unsigned workers,
         const struct protocol *protocol)
{
    return simulate(load, workers, &options.costs, protocol, options.seed);
}

/* ---- all of them ---- */

static void
print_row(FILE *csv, const struct load *load, unsigned workers,
          const struct result *result, double alone)
{
    double wall = result->wall, each = wall / result->operations;
    printf("%-12s %4u %9.1f %7.1f %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f %8.0f\n",
           load->name, workers, 1000 / each, alone / each, 100 * result->useful,
           100 * result->spent[WATCHING], 100 * result->spent[WAKING],
           100 * result->spent[ASLEEP], 100 * result->inject_held,
           100 * result->idle_held, result->lateness / 1000);
    fflush(stdout);
    if (csv)
        fprintf(csv, "%s,%u,%g,%g,%g,%g,%g,%g,%g,%g,%g,%g\n", load->name,
                workers, 1000 / each, alone / each, result->useful,
                result->spent[WATCHING], result->spent[WAKING],
                result->spent[ASLEEP], result->inject_held, result->idle_held,
                result->depot_held, result->lateness);
}

static bool
foretell_row(FILE *csv, const struct load *load, unsigned workers, double alone)
{
    struct result result = foretell(load, workers, &options.protocol);
    if (!result.came_to_its_end) {
        printf("%-12s %4u does not come to its end\n", load->name, workers);
        return false;
    }
    print_row(csv, load, workers, &result, alone);
    return true;
}

static bool
foretell_all(void)
{
    FILE *csv = options.csv ? fopen(options.csv, "w") : NULL;
    bool all = true;
    int rows = 0;
    if (options.csv && !csv) {
        perror(options.csv);
        return false;
    }
    if (csv)
        fprintf(csv, "load,workers,mops,speedup,useful,watching,waking,asleep,"
                     "inject,idle,depot,lateness\n");
    printf("%-12s %4s %9s %7s %6s %6s %6s %6s %6s %6s %8s\n", "workload",
           "w'rs", "Mops/s", "speedup", "work%", "watch%", "wake%", "sleep%",
           "inject%", "idle%", "late us");
    for (size_t i = 0; i < load_count; ++i) {
        if (!is_wanted(&loads[i]))
            continue;
        struct result one = foretell(&loads[i], 1, &options.protocol);
        double alone = one.wall / one.operations;
        for (size_t j = 0; j < options.workers_count; ++j, ++rows)
            all &= foretell_row(csv, &loads[i], options.workers[j], alone);
    }
    if (csv)
        fclose(csv);
    printf("%d rows, seed %llu\n", rows, (unsigned long long)options.seed);
    return all;
}

/* ---- beside the real runtime ---- */

static bool
check_one(const struct load *load, unsigned workers, int *good)
{
    double real_ns = 0, operations = 0;
    struct result result = foretell(load, workers, &as_is);
    int error = real_best(load, workers, &real_ns, &operations);
    if (error || !result.came_to_its_end) {
        printf("%-12s %u failed: %s\n", load->name, workers, strerror(error));
        return false;
    }
    double foretold = result.wall / result.operations;
    double real = real_ns / operations, ratio = foretold / real;
    bool is_good = ratio > 1 / 1.3 && ratio < 1.3;
    *good += is_good;
    printf("%-12s %4u %10.1f %10.1f %6.2f %s\n", load->name, workers, foretold,
           real, ratio, is_good ? "" : "off by more than 30 %");
    fflush(stdout);
    return true;
}

static bool
check_all(void)
{
    int good = 0, rows = 0;
    sizes = &brief;
    double membarrier = real_membarrier();
    if (membarrier > options.costs.membarrier)
        options.costs.membarrier = membarrier;
    printf("a membarrier takes %.0f ns\n", options.costs.membarrier);
    bool all = true;
    printf("%-12s %4s %10s %10s %6s  (ns an operation)\n", "workload", "w'rs",
           "foretold", "measured", "ratio");
    for (size_t i = 0; i < load_count; ++i)
        for (unsigned workers = 1; workers <= 2; ++workers)
            if (is_wanted(&loads[i])) {
                all &= check_one(&loads[i], workers, &good);
                ++rows;
            }
    printf("%d of %d within 30 %%\n", good, rows);
    return all;
}

/* ---- what else might be done ---- */

static void
compare(const struct load *load, unsigned workers)
{
    double base = foretell(load, workers, &as_is).wall;
    printf("%-12s %4u %10.3f", load->name, workers, base / 1e6);
    for (size_t i = 0; i < variant_count; ++i) {
        struct protocol other = variant_protocol(&variants[i]);
        printf(" %10.2f", base / foretell(load, workers, &other).wall);
    }
    printf("\n");
    fflush(stdout);
}

static bool
compare_all(void)
{
    for (size_t i = 0; i < variant_count; ++i)
        printf("%-10s  %s\n", variants[i].name, variants[i].what);
    printf("\nHow many times as fast as it is now:\n%-12s %4s %10s", "workload",
           "w'rs", "now, ms");
    for (size_t i = 0; i < variant_count; ++i)
        printf(" %10s", variants[i].name);
    printf("\n");
    for (size_t i = 0; i < load_count; ++i)
        for (size_t j = 0; j < options.workers_count; ++j)
            if (is_wanted(&loads[i]))
                compare(&loads[i], options.workers[j]);
    return true;
}

int
main(int argc, char **argv)
{
    bool (*mode)(void) = foretell_all;
    bool understood = parse(argc, argv);
    for (int i = optind; i < argc && understood; ++i) {
        if (strcmp(argv[i], "check") == 0)
            mode = check_all;
        else if (strcmp(argv[i], "variants") == 0)
            mode = compare_all;
        else if (strcmp(argv[i], "costs") == 0)
            return costs_print(&options.costs), 0;
        else
            understood = parse_cost(argv[i]);
    }
    if (!understood) {
        fprintf(stderr, "usage: simulate [-j WORKERS] [-w WORKLOAD] [-s SEED] "
                        "[-o CSV] [-V VARIANT]\n"
                        "                [check | variants | costs] "
                        "[NAME=NS...]\n");
        return 2;
    }
    return mode() ? 0 : 1;
}
