/* Faults that the soak test is to notice, so that its checks are seen to work. */
#ifndef VOLUME_PLANTED_H
#define VOLUME_PLANTED_H

/* memory, threads, mappings: each time some more of them are kept for ever.
 * lost, repeated: a count of what went in, or came out, is wrong. */
typedef void planted_fault(void);

/* Fails where there is none of that name. */
planted_fault *planted_find(const char *name);

#endif
