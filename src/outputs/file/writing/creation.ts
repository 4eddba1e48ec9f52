/** Folders and files with exactly the configured modes, whatever the process's umask is. */
import { dirname } from 'node:path'
import type { Shared } from '../output-context.ts'

const MODE_BITS = 0o7777

/** Makes a folder and those missing above it. */
export async function makeFolders({ around, settings }: Shared, folder: string): Promise<void> {
  const { folderMode } = settings
  const first = await around.fileSystem.makeFolder(folder, folderMode)
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    const { mode } = await around.fileSystem.stat(made)
    if ((mode & MODE_BITS) !== folderMode) await around.fileSystem.chmod(made, folderMode)
  }
}

/** A file system without modes is no reason not to write, so a failure is only logged. */
export async function setMode({ around, settings }: Shared, fd: number, path: string) {
  try {
    const { mode } = await around.fileSystem.statOpen(fd)
    if ((mode & MODE_BITS) !== settings.fileMode)
      await around.fileSystem.setMode(fd, settings.fileMode)
  } catch (error) {
    around.logger.warn({ path, error }, 'cannot set the mode of a new file')
  }
}
