/*
 * Fork and sync.
 *
 * CONTRACT  A job lies in its forker's frame. While nobody has begun it, it is
 *           in just one deque; sync takes it from there and calls it, or waits
 *           for who did. The frame stays until then, so no deque ever points
 *           to a frame that has ended.
 * STATE     The word `state_`:
 *             FL_JOB_FORKED   always set
 *             FL_JOB_DONE     its status may be read
 *             FL_JOB_AWAITED  its forker is parked; who ends it resumes that
 *             FL_JOB_KEPT     it could not be queued (a plain thread's, a
 *                             callback's, for want of memory): sync runs it
 *             above           how many its forker had not synced, with it, and
 *                             the rest of that fiber's word `mine`
 *           So the job that is to be synced first, and that nobody has begun, or
 *           kept, has just its forker's word as its state; unless that has been
 *           shielded since, or less.
 * PROTOCOL      forker, sync                    thief
 *           F1  not mine any more: park     T1  run it, store its status
 *           F2  add AWAITED                 T2  add DONE
 *           F3  it was DONE: go on          T3  it was AWAITED: resume
 *           F2 is done by whoever runs after the forker has parked. One of F2
 *           and T2 comes first, and the second of them resumes the forker.
 * MEMORY ORDER  T2 releases the status to F2, and to the load before F1.
 * LAST TOUCH  T2, unless it found AWAITED.
 * REJECTED  A list of those that are not synced: a tenth of a fork and sync is
 *           what it took to store the link of each, and to read it again.
 * SOURCE    The descriptor in the frame and the un-stolen child called in
 *           place: Faxén, "Wool" (2008); rayon's join.
 * CHECKED BY  tests/model/job.c
 */
#ifndef FL_JOB_H
#define FL_JOB_H

#include "fiber/fiber.h"

enum {
    FL_JOB_FORKED = FL_NO_JOBS,
    FL_JOB_DONE = 2,
    FL_JOB_AWAITED = 4,
    FL_JOB_KEPT = 8,
    FL_ONE_JOB = 16 /* counts those that are not synced */
};

#endif
