/*
 * Who runs next. Relacy's random scheduler picks any thread at each step, so
 * that hardly ever one stands still while another does fifty. So in a quarter
 * of the runs here one thread stands still at some step of its own, until the
 * others can do nothing more; and half are by priorities: the thread with the
 * highest one runs until it sleeps or yields, or until one of three random
 * steps at which it becomes the last (Burckhardt, Kothari, Musuvathi,
 * Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding
 * bugs", ASPLOS 2010).
 */
#ifndef MODEL_SCHEDULER_H
#define MODEL_SCHEDULER_H

template <rl::thread_id_t N>
class model_scheduler
    : public rl::scheduler<model_scheduler<N>, rl::scheduler_thread_info, N>
{
  public:
    typedef rl::scheduler<model_scheduler<N>, rl::scheduler_thread_info, N>
        base_t;
    typedef typename base_t::thread_info_t thread_info_t;
    typedef typename base_t::shared_context_t shared_context_t;

    struct task_t {
    };

    model_scheduler(rl::test_params &params, shared_context_t &shared,
                    rl::thread_id_t dynamic)
        : base_t(params, shared, dynamic)
    {
    }

    rl::thread_id_t
    iteration_begin_impl()
    {
        random.seed(this->iter_);
        by_priority = this->iter_ % 2;
        frozen = this->iter_ % 4 == 2 ? (int)(random.rand() % N) : -1;
        freeze_at = random.rand() % (8u << random.rand() % 4); /* 8 to 64 */
        freeze_for = 500;
        step = 0;
        lowest = 0;
        for (int i = 0; i < N; i++) {
            int j = (int)(random.rand() % (unsigned)(i + 1));
            priority[i] = priority[j];
            priority[j] = i + 1;
        }
        unsigned length = 1u << (5 + random.rand() % 4); /* 32 to 256 */
        for (unsigned &one : changes) {
            one = 1 + random.rand() % length;
        }
        rl::unpark_reason reason;
        return schedule_impl(reason, 0);
    }

    bool
    iteration_end_impl()
    {
        return this->iter_ == this->params_.iteration_count;
    }

    rl::thread_id_t
    schedule_impl(rl::unpark_reason &reason, unsigned yields)
    {
        unsigned runnable = (unsigned)this->running_threads_count;
        unsigned timed = (unsigned)this->timed_thread_count_;
        unsigned spurious = (unsigned)this->spurious_thread_count_;
        if (timed && (!runnable || random.rand() % 16 < timed)) {
            reason = rl::unpark_reason_timeout;
            return unpark(this->timed_threads_[random.rand() % timed]);
        }
        if (spurious && runnable && random.rand() % 64 < spurious) {
            reason = rl::unpark_reason_spurious;
            return unpark(this->spurious_threads_[random.rand() % spurious]);
        }
        reason = rl::unpark_reason_normal;
        if (!by_priority) {
            return pick_any(runnable);
        }
        return pick(runnable, yields);
    }

    unsigned
    rand_impl(unsigned limit, rl::sched_type)
    {
        return random.rand() % limit;
    }

    rl::iteration_t
    iteration_count_impl()
    {
        return this->params_.iteration_count;
    }

    void
    get_state_impl(std::ostream &)
    {
    }

    void
    set_state_impl(std::istream &)
    {
    }

    void
    on_thread_block(rl::thread_id_t, bool)
    {
    }

    void
    thread_finished_impl()
    {
    }

    void
    purge_blocked_threads()
    {
    }

  private:
    rl::random_generator random;
    bool by_priority;
    unsigned step, changes[3];
    int priority[N], lowest;
    int frozen; /* who stands still, once it has done freeze_at steps */
    unsigned freeze_at, freeze_for;

    rl::thread_id_t
    unpark(thread_info_t *thread)
    {
        rl::thread_id_t const which = thread->index_;
        this->unpark_thread(which);
        return which;
    }

    rl::thread_id_t
    pick_any(unsigned runnable)
    {
        rl::thread_id_t one = this->running_threads[random.rand() % runnable];
        if (one != frozen) {
            return one;
        }
        if (freeze_at > 0) {
            freeze_at--;
            return one;
        }
        while (one == frozen && runnable > 1 && freeze_for > 0) {
            freeze_for--;
            one = this->running_threads[random.rand() % runnable];
        }
        return one;
    }

    rl::thread_id_t
    pick(unsigned runnable, unsigned yields)
    {
        step++;
        bool last = yields > 0;
        for (unsigned one : changes) {
            last = last || one == step;
        }
        if (last && this->thread_) {
            priority[this->thread_->index_] = --lowest;
        }
        if (random.rand() % 256 == 0) { /* so that no loop is for ever */
            return this->running_threads[random.rand() % runnable];
        }
        rl::thread_id_t best = this->running_threads[0];
        for (unsigned i = 1; i < runnable; i++) {
            rl::thread_id_t one = this->running_threads[i];
            best = priority[one] > priority[best] ? one : best;
        }
        return best;
    }
};

#endif
