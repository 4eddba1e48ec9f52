/** A small file system in memory, for tests that fill a disk. Needs root and `mount`. */
import { mkdir } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import { runWell } from './child.ts'
import { requireRoot, requireTool } from './tool.ts'

/** Mounts it at `folder`, or returns undefined after skipping the test; throws in CI. */
export async function mountTmpfs(
  t: TestContext,
  folder: string,
  size: string,
): Promise<AsyncDisposable | undefined> {
  const mount = requireTool(t, 'mount')
  const umount = mount && requireTool(t, 'umount')
  if (!mount || !umount || !requireRoot(t)) return undefined
  await mkdir(folder, { recursive: true })
  await runWell(mount, ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
  // Lazily, because after a failed test the collector may still have files open there.
  return { [Symbol.asyncDispose]: async () => void (await runWell(umount, ['-l', folder])) }
}
