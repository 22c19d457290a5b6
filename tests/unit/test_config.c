/* What a configuration comes to; tests/sched has the environment's side. */
#include "../harness/harness.h"
#include "sched/config.h"

static filch_config config;

TEST(config_fills_what_is_zero_with_defaults)
{
    memset(&config, 0xff, sizeof config);
    OK(fl_config_resolve(&config, NULL));
    CHECK(config.workers >= 1);
    EQ(UNDER_SANITIZER ? 256 << 10 : 64 << 10, config.stack_size);
    EQ(0, config.seed);
    CHECK(!config.virtual_time);
    CHECK(!config.pin_workers);
    EQ(0, strcmp(config.name, "filch"));
}

TEST(config_keeps_what_is_given)
{
    const filch_config given = {.workers = 1024,
                                .stack_size = 100000,
                                .pin_workers = true,
                                .name = "given"};
    OK(fl_config_resolve(&config, &given));
    EQ(1024, config.workers);
    EQ(100000, config.stack_size);
    CHECK(config.pin_workers);
    CHECK(config.name == given.name);
}

TEST(config_takes_the_environment_only_where_a_field_is_zero)
{
    CHECK(setenv("FILCH_WORKERS", "5", 1) == 0);
    CHECK(setenv("FILCH_STACK_SIZE", "32K", 1) == 0);
    CHECK(setenv("FILCH_PIN_WORKERS", "1", 1) == 0);
    OK(fl_config_resolve(&config, NULL));
    EQ(5, config.workers);
    EQ(32768, config.stack_size);
    CHECK(config.pin_workers);
    OK(fl_config_resolve(&config, &(filch_config){.workers = 2}));
    EQ(2, config.workers);
    EQ(32768, config.stack_size);
}

TEST(config_refuses_values_out_of_range)
{
    FAILS(EINVAL, fl_config_resolve(&config, &(filch_config){.workers = 1025}));
    FAILS(EINVAL,
          fl_config_resolve(&config, &(filch_config){.stack_size = 16383}));
    FAILS(EINVAL,
          fl_config_resolve(
              &config, &(filch_config){.stack_size = ((size_t)1 << 30) + 1}));
    OK(fl_config_resolve(&config, &(filch_config){.stack_size = 16384}));
    OK(fl_config_resolve(&config,
                         &(filch_config){.stack_size = (size_t)1 << 30}));
}

TEST(config_leaves_errno_alone_when_it_parses_the_environment)
{
    CHECK(setenv("FILCH_WORKERS", "99999999999999999999999", 1) == 0);
    errno = 4711;
    FAILS(EINVAL, fl_config_resolve(&config, NULL));
    EQ(4711, errno);
}
