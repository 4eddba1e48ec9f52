/**
 * The symbolic links that name the files being written. A link is a convenience: when one cannot be
 * made that is logged, and writing goes on. Several files may want the same link, so each link is
 * changed by one of them at a time.
 */
import { dirname, relative, resolve } from 'node:path'
import { makeFolders } from './creation.ts'
import { isMissing, statIfThere } from '../file-system.ts'
import type { Shared } from '../output-context.ts'

/**
 * Points `link` at `path`, replacing in one step the link that was there but never a file. A link
 * to a file of a later time stays as it is.
 */
export function pointLink(shared: Shared, link: string, path: string): Promise<void> {
  return inTurn(shared, link, async () => {
    const { fileSystem, clock, logger } = shared.around
    try {
      await makeFolders(shared, dirname(link))
      const target = await targetOf(shared, link)
      if (target === path) return
      const isLater = target !== undefined && shared.dated.isLater(target, path, clock.now())
      if (isLater && (await statIfThere(fileSystem, target))) return
      await replaceLink(shared, link, path)
    } catch (error) {
      logger.warn({ link, path, error }, 'cannot point the symlink at the current file')
    }
  })
}

/** Removes `link` if it points at `path` and that is gone, until there is a current file again. */
export function dropLink(shared: Shared, link: string, path: string): Promise<void> {
  return inTurn(shared, link, async () => {
    const { fileSystem, logger } = shared.around
    try {
      if ((await targetOf(shared, link)) !== path) return
      if (!(await statIfThere(fileSystem, path))) await fileSystem.unlink(link)
    } catch (error) {
      logger.warn({ link, path, error }, 'cannot remove a symlink to a file that is gone')
    }
  })
}

/** `change` never rejects. */
function inTurn({ linkChanges }: Shared, link: string, change: () => Promise<void>) {
  const changed = (linkChanges.get(link) ?? Promise.resolve()).then(change).then(() => {
    if (linkChanges.get(link) === changed) linkChanges.delete(link)
  })
  linkChanges.set(link, changed)
  return changed
}

async function replaceLink(shared: Shared, link: string, path: string): Promise<void> {
  const { fileSystem } = shared.around
  const temporary = `${link}.tmp`
  // Left by a crash; a file of this name stays, and then there is no link.
  if ((await targetOf(shared, temporary)) !== undefined) await fileSystem.unlink(temporary)
  await fileSystem.symlink(relative(dirname(link), path), temporary)
  await fileSystem.rename(temporary, link)
}

/** Where a link points, undefined when nothing has this name; throws for a file. */
async function targetOf({ around }: Shared, link: string): Promise<string | undefined> {
  try {
    const stats = await around.fileSystem.lstat(link)
    if (!stats.isSymbolicLink()) throw new Error('a file that is not a link has this name')
    return resolve(dirname(link), await around.fileSystem.readLink(link))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
