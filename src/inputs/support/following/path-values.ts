/** What a tag may take from the path of a file. */
import { basename, dirname, extname } from 'node:path'

export const PATH_NAMES = ['path', 'name', 'stem', 'folder'] as const

export type TagValues = Readonly<Record<string, string>>

export function pathValues(path: string): TagValues {
  const name = basename(path)
  return {
    // As Fluentd does: /var/log/app.log is var.log.app.log.
    path: path.replaceAll('/', '.').replace(/^\.+/, ''),
    name,
    stem: name.slice(0, name.length - extname(name).length),
    folder: basename(dirname(path)),
  }
}
