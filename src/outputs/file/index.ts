/**
 * `file` output: events as lines in one file per tag (or field, or day), rotated, compressed and
 * deleted by rules. How names are made: docs/guide/files.md. Options: schema.ts; the work:
 * file-output.ts; the lines: src/codecs/lines/line-format.ts.
 */
import { modeAsNumber } from '../../config/fields.ts'
import { durationInMs, sizeInBytes } from '../../config/units.ts'
import { createEncoder } from '../../codecs/lines/line-format.ts'
import { defineOutput, type OutputContext } from '../../pipeline/component.ts'
import { FileOutput } from './file-output.ts'
import { nodeFileSystem, type FileSystem } from './file-system.ts'
import { fileMetrics } from './metrics.ts'
import { PathTemplate } from './path/path-template.ts'
import { configSchema, findFaults, type FileConfig } from './schema.ts'
import type { FileSettings, KeepLimits } from './settings.ts'
import { Zone } from '../../codecs/time/zone.ts'

export const file = defineOutput({
  type: 'file',
  summary: 'Writes events to files, one per tag by default, with rotation, compression and limits.',
  configSchema,
  isPatient: true,
  faults: findFaults,
  resources: (config) => [`file ${new PathTemplate(config.path).claim}`],
  create: (config, context) => createFileOutput(config, context, nodeFileSystem),
})

/** As `file.create`, on a file system of the caller's choice. */
export function createFileOutput(
  config: FileConfig,
  context: OutputContext,
  fileSystem: FileSystem,
): FileOutput {
  const template = new PathTemplate(config.path)
  return new FileOutput({
    template,
    link: config.symlink === undefined ? undefined : new PathTemplate(config.symlink),
    time: config.time,
    settings: readSettings(config, template, context.dataDir),
    around: {
      fileSystem,
      clock: context.clock,
      timers: context.timers,
      logger: context.logger,
      metrics: fileMetrics(context.metrics),
    },
  })
}

function readSettings(config: FileConfig, template: PathTemplate, dataDir: string): FileSettings {
  const { every, size } = config.rotate
  const keep = readKeep(config.keep)
  return {
    root: template.root,
    dataDir,
    extension: template.extension,
    zone: new Zone(config.timezone),
    sizeMax: sizeInBytes(size),
    everyMs: every === undefined ? 0 : durationInMs(every),
    compression: config.compress === 'none' ? undefined : config.compress,
    compressionLevel: config.compress_level,
    keep,
    isPastSetAside: config.compress !== 'none' || Object.keys(keep).length > 0,
    isSynced: config.fsync,
    fileMode: modeAsNumber(config.file_mode),
    folderMode: modeAsNumber(config.folder_mode),
    openFilesMax: config.max_open_files,
    freeBytesMin: sizeInBytes(config.min_free),
    encoder: createEncoder(config.format),
  }
}

function readKeep({ files, age, bytes }: FileConfig['keep']): KeepLimits {
  return {
    ...(files !== undefined && { files }),
    ...(age !== undefined && { ageMs: durationInMs(age) }),
    ...(bytes !== undefined && { bytes: sizeInBytes(bytes) }),
  }
}
