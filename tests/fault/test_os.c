/* What src/os does where the system refuses. */
#include "inject.h"
#include "os/bias.h"

static fl_bias bias;

TEST(bias_lets_no_visitor_in_for_whom_there_was_no_fence)
{
    fl_fence_begin();
    if (!fl_fence_asymmetric)
        skip("this kernel has no membarrier");
    fault_from(0);
    CHECK(!fl_bias_visit(&bias));
    EQ(1, fault_end());
    CHECK(fl_bias_visit(&bias)); /* the next one */
    fl_bias_depart(&bias);
}

TEST(signal_stack_that_cannot_be_had_is_an_error_and_leaves_nothing)
{
    void *memory = NULL;
    for (unsigned n = 0; n < 2; ++n) {
        errno = 4711;
        fault_once(n);
        FAILS(ENOMEM, fl_os_fault_stack(&memory));
        EQ(1, fault_end());
        EQ(4711, errno);
        CHECK(memory == NULL);
        fl_os_fault_stack_free(memory);
    }
    OK(fl_os_fault_stack(&memory));
    fl_os_fault_stack_free(memory);
}
