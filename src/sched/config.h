/* What a configuration comes to, with the environment and the defaults. */
#ifndef FL_CONFIG_H
#define FL_CONFIG_H

#include <filch/runtime.h>

/*
 * Fills what is zero in *config, from `given` (NULL: all defaults) and the
 * environment. EINVAL, after a line on standard error, for a bad value.
 */
int fl_config_resolve(filch_config *config, const filch_config *given);

#endif
