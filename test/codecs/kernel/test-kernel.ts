/** A kernel of a test's own. */
import { loadKernel, type Kernel } from '../../../src/codecs/kernel/kernel.ts'

/** Throws where there is none: a test of the kernel must not pass without it. */
export function testKernel(): Kernel {
  const kernel = loadKernel()
  if (!kernel) throw new Error('this Node has no WebAssembly with SIMD; expected Node 24')
  return kernel
}
