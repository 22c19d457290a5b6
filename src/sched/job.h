/*
 * Fork and sync.
 *
 * CONTRACT  A job lies in its forker's frame. While nobody has begun it, it is
 *           in just one deque; sync takes it from there and calls it, or waits
 *           for who did. The frame stays until then, so no deque ever points
 *           to a frame that has ended.
 * STATE     FL_JOB_QUEUED   in a deque, or taken out of it by a thief
 *           FL_JOB_DONE     its status may be read
 *           FL_JOB_AWAITED  its forker is parked; who ends the job resumes it
 *           A job that cannot be queued (a plain thread's, a callback's, for
 *           want of memory) is kept: sync runs it. It stands in its forker's
 *           list marked, so that a sync of any other need not look.
 * PROTOCOL      forker, sync                    thief
 *           F1  not mine any more: park     T1  run it, store its status
 *           F2  exchange for AWAITED        T2  exchange for DONE
 *           F3  it was DONE: go on          T3  it was AWAITED: resume
 *           F2 is done by whoever runs after the forker has parked. One of F2
 *           and T2 comes first, and the second of them resumes the forker.
 * MEMORY ORDER  T2 releases the status to F2, and to the load before F1.
 * LAST TOUCH  T2, unless it found AWAITED.
 * SOURCE    The descriptor in the frame and the un-stolen child called in
 *           place: Faxén, "Wool" (2008); rayon's join.
 * CHECKED BY  tests/model/job.c
 */
#ifndef FL_JOB_H
#define FL_JOB_H

#include <filch/job.h>

enum { FL_JOB_QUEUED, FL_JOB_DONE, FL_JOB_AWAITED };

#endif
