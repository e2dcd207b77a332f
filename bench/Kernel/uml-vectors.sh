#!/usr/bin/env bash
# uml-vectors.sh SOURCE: lets a user-mode Linux kernel have the vector code for ChaCha20 and Poly1305 that an ordinary x86 kernel has.
# Without it there is only portable C there, and its WireGuard would be no yardstick. The routines are safe in user mode: a kernel
# thread is never switched away from within one, and a signal's frame keeps the registers.
set -euo pipefail
cd "$1"

# The processor's flags are the host's, but nobody keeps the books about register state that these files ask for.
sed -i -E '
    s/cpu_has_xfeatures\([^)]*\)/true/
    s/boot_cpu_data\.[a-z0-9_]+ != INTEL_[A-Z0-9_]*SKYLAKE_X/false/
    s#<asm/cpu_device_id\.h>#<asm/cpufeature.h>#
    s#<asm/simd\.h>#&\n\#include <asm/cpufeature.h>#
' arch/x86/crypto/chacha_glue.c arch/x86/crypto/poly1305_glue.c

cat >>arch/um/Kconfig <<'E'

config AS_AVX512
	def_bool 64BIT

config CRYPTO_CHACHA20_X86_64
	tristate
	depends on 64BIT
	select CRYPTO_SKCIPHER
	select CRYPTO_LIB_CHACHA_GENERIC
	select CRYPTO_ARCH_HAVE_LIB_CHACHA

config CRYPTO_POLY1305_X86_64
	tristate
	depends on 64BIT
	select CRYPTO_HASH
	select CRYPTO_LIB_POLY1305_GENERIC
	select CRYPTO_ARCH_HAVE_LIB_POLY1305
E
sed -i -E '/select CRYPTO_(CHACHA20|POLY1305)_X86_64 if X86 && 64BIT/s/X86 && 64BIT/(X86 || UML) \&\& 64BIT/' drivers/net/Kconfig
