/*-------------------------------------------------------------------------
 *
 * processor.h
 *		What the processor can do.
 *
 * Loops that gain much by AVX2 are compiled twice, for every x86-64 and for
 * processors that have it; the choice is made when they are called.  Not by the
 * loader: what compilers offer for that asks the processor when the library is
 * loaded, which costs each new connection of a virtual machine more than its
 * first document, whereas the C library knows already.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_PROCESSOR_H
#define ST_PROCESSOR_H

#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define ST_HAS_AVX2() CPU_FEATURE_ACTIVE(AVX2)
#endif
#endif
#if defined(__x86_64__) && !defined(ST_HAS_AVX2)
#define ST_HAS_AVX2() (__builtin_cpu_init(), __builtin_cpu_supports("avx2"))
#endif

#endif							/* ST_PROCESSOR_H */
