/** Configurations of the scenarios: one forward input, and outputs that differ. */
import type { Places } from './scenario.ts'

export function configWith(places: Places, outputs: string, to: string, input = ''): string {
  return `
data_dir: ./data
http: { listen: "tcp://127.0.0.1:${places.http}" }
inputs:
  docker: { type: forward, listen: "tcp://127.0.0.1:${places.forward}"${input} }
outputs:
${outputs}
pipeline:
  - match: "**"
    to: [${to}]
`
}

export interface FileOptions {
  readonly folder?: string
  /** More options of the output, each after a comma. */
  readonly more?: string
}

export interface BufferedOptions extends FileOptions {
  readonly compress?: string
}

export function fileOutput(name: string, { folder = 'logs', more = '' }: FileOptions = {}): string {
  return `  ${name}: { type: file, path: "./${folder}/\${tag}.log", min_free: 0B${more} }`
}

/** A `file` output behind a buffer on disk. */
export function bufferedFile(name: string, fsync: string, options: BufferedOptions = {}): string {
  const { compress = 'none' } = options
  const buffer = `, buffer: { type: disk, fsync: ${fsync}, compress: ${compress} }`
  return fileOutput(name, { ...options, more: buffer + (options.more ?? '') })
}
