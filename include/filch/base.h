/*
 * What every header of filch needs: linkage, and the check that a program and
 * the library it is linked with were built for the same sanitizer.
 */
#ifndef FILCH_BASE_H
#define FILCH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FILCH_BEGIN_DECLS extern "C" {
#define FILCH_END_DECLS }
#else
#define FILCH_BEGIN_DECLS
#define FILCH_END_DECLS
#endif

#define FILCH_API __attribute__((visibility("default")))

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FILCH_TSAN_ 1
#elif __has_feature(address_sanitizer)
#define FILCH_ASAN_ 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) && !defined(FILCH_TSAN_)
#define FILCH_TSAN_ 1
#elif defined(__SANITIZE_ADDRESS__) && !defined(FILCH_ASAN_)
#define FILCH_ASAN_ 1
#endif

/*
 * A sanitizer sees only what was compiled for it, so each flavour of the
 * library defines just one of these symbols, and each object file that
 * includes filch refers to the one of its own flavour. Mixing them fails at
 * link time, with an undefined symbol whose name says what to do.
 */
#if defined(FILCH_TSAN_)
#define FILCH_FLAVOUR_ filch_thread_sanitizer_needs_libfilch_tsan
#elif defined(FILCH_ASAN_)
#define FILCH_FLAVOUR_ filch_address_sanitizer_needs_libfilch_asan
#else
#define FILCH_FLAVOUR_ filch_without_sanitizer_needs_plain_libfilch
#endif

FILCH_BEGIN_DECLS

FILCH_API extern const char FILCH_FLAVOUR_;

__attribute__((used)) static const char *const filch_flavour_ = &FILCH_FLAVOUR_;

/*
 * The body of a task: 0 for success, else an errno value, which takes the
 * place of an exception.
 */
typedef int (*filch_fn)(void *arg);

/*
 * The guard of an object; all zero is a free one. Private; part of the public
 * structs only so that they can be placed anywhere.
 */
typedef struct filch_guard_ {
    uint32_t word_;
    uint16_t last_;
    uint16_t left_;
} filch_guard_;

/*
 * Those who wait on an object, first come first. Private, likewise.
 */
typedef struct filch_waiters_ {
    void *first_;
    void *last_;
} filch_waiters_;

FILCH_END_DECLS

#endif
