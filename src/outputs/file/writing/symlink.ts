/** The symbolic link that always names the file being written. */
import { dirname, relative } from 'node:path'
import { makeFolders } from './creation.ts'
import { isMissing } from '../file-system.ts'
import type { Shared } from '../output-context.ts'

/**
 * Points `link` at `path`, replacing in one step the link that was there but never a file. A link
 * is a convenience: when it cannot be made that is logged, and writing goes on.
 */
export async function updateLink(shared: Shared, link: string, path: string): Promise<void> {
  const { fileSystem, logger } = shared.around
  const temporary = `${link}.tmp`
  try {
    await makeFolders(shared, dirname(link))
    if (await isTaken(shared, link)) throw new Error('a file that is not a link has this name')
    if (await isLink(shared, temporary)) await fileSystem.unlink(temporary)
    await fileSystem.symlink(relative(dirname(link), path), temporary)
    await fileSystem.rename(temporary, link)
  } catch (error) {
    logger.warn({ link, path, error }, 'cannot point the symlink at the current file')
  }
}

async function isTaken(shared: Shared, path: string): Promise<boolean> {
  return (await linkStat(shared, path))?.isSymbolicLink() === false
}

async function isLink(shared: Shared, path: string): Promise<boolean> {
  return (await linkStat(shared, path))?.isSymbolicLink() === true
}

async function linkStat(shared: Shared, path: string) {
  try {
    return await shared.around.fileSystem.lstat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
