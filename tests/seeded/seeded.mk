# What stands between the library and itself in tests/seeded/test_visit.c.

$(B)/tests/seeded/test_visit: private LDFLAGS += \
    $(patsubst %,-Wl$(comma)--wrap=%,fl_inject_push fl_os_back_off fl_stall \
    fl_task_has_ended)
