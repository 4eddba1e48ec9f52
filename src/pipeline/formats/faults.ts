/** What is wrong with the option `format` although it fits its schema. */
import { compileRegexp, describeRegexpError, RegexpError } from '../../codecs/regexp/regexp.ts'
import { TimeFormatError } from '../../codecs/time/strptime.ts'
import { timeReader } from '../../codecs/time/time-reader.ts'
import { isZone, Zone } from '../../codecs/time/zone.ts'
import type { Fault } from '../component.ts'
import { asObject } from './create.ts'
import type { LineFormatConfig, OneFormatConfig } from './schema.ts'

type Path = readonly string[]

/** `path` is where the option stands in the component. */
export function formatFaults(config: LineFormatConfig, path: Path = ['format']): Fault[] {
  if (!Array.isArray(config)) return oneFaults(config, path)
  const list = config as (OneFormatConfig | string)[]
  return list.flatMap((item, index) => oneFaults(item, [...path, String(index)]))
}

function oneFaults(item: OneFormatConfig | string, path: Path): Fault[] {
  const config = asObject(item)
  const faults: Fault[] = []
  if (config.type === 'regexp') faults.push(...regexpFaults(config, [...path, 'expression']))
  if (config.type === 'csv') faults.push(...repeatedFaults(config.fields, [...path, 'fields']))
  if ('zone' in config) faults.push(...zoneFaults(config.zone, [...path, 'zone']))
  const time = 'time' in config ? config.time : undefined
  if (time) {
    faults.push(...zoneFaults(time.zone, [...path, 'time', 'zone']))
    faults.push(...timeFaults(time.format, [...path, 'time', 'format']))
  }
  return faults
}

function regexpFaults(
  { expression, flags }: { readonly expression: string; readonly flags: string },
  path: Path,
): Fault[] {
  try {
    const { groupNames } = compileRegexp(expression, flags)
    if (groupNames.some((name) => name !== null)) return []
    return [{ path, message: 'cannot use a pattern without named groups; expected (?<name>…)' }]
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error
    return [{ path, message: describeRegexpError(expression, error) }]
  }
}

function repeatedFaults(fields: readonly string[], path: Path): Fault[] {
  const repeated = fields.find((field, index) => fields.indexOf(field) !== index)
  if (repeated === undefined) return []
  return [{ path, message: `cannot use the name "${repeated}" twice; expected one per column` }]
}

export function zoneFaults(zone: string, path: Path): Fault[] {
  if (isZone(zone)) return []
  const message = `cannot use "${zone}" as a zone; expected an IANA name: Europe/Berlin`
  return [{ path, message }]
}

export function timeFaults(format: string, path: Path): Fault[] {
  try {
    timeReader(format, { zone: new Zone('UTC'), now: () => 0 })
    return []
  } catch (error) {
    if (!(error instanceof TimeFormatError)) throw error
    return [{ path, message: error.message }]
  }
}
