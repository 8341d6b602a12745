/* SANITIZED is defined in a build with AddressSanitizer, by gcc or clang. */
#ifndef EGRET_BASE_SANITIZED_H
#define EGRET_BASE_SANITIZED_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

#endif
