/**
 * What the kernel puts around the parts of a syslog message (assembly/syslog.ts), by names. Twin:
 * ../syslog/fields.ts.
 */
import { ByteWriter } from '../byte-writer.ts'
import { writeMapHeader, writeStr } from '../msgpack/writer.ts'
import {
  type FieldNames,
  LOG_FIELDS,
  PRIORITY_FIELDS,
  priorityFields,
  writeLog,
} from '../syslog/fields.ts'
import { PRIORITIES } from '../syslog/priority.ts'

/** The start of every record of a priority. */
export interface SyslogHead {
  readonly bytes: Uint8Array
  /** Where in it the header of the map is that the fields of a message go to; 0: the record. */
  readonly innerMap: number
}

export interface SyslogNames {
  /** As `useNames` of the kernel takes them. */
  readonly list: Uint8Array
  /** How many fields the map has that those of a message go to. */
  readonly headFields: number
  headOf(priority: number): SyslogHead
}

/** Eight of a name of up to 16 bytes and the number of these bytes. */
export const NAME_LIST_BYTES = 8 * 24

const LENGTH_OFFSET = 16

const recordHeads = Array.from({ length: PRIORITIES }, (_none, priority) => {
  return { bytes: priorityFields(priority), innerMap: 0 }
})

const fluentd: SyslogNames = {
  list: nameList([['host'], ['ident'], ['pid'], ['msgid'], ['extradata']]),
  headFields: PRIORITY_FIELDS,
  headOf: (priority) => recordHeads[priority]!,
}

const logHeads: (SyslogHead | undefined)[] = Array.from({ length: PRIORITIES })

const ecs: SyslogNames = {
  // The last two are within maps of their own: `host.hostname`, `process.name`.
  list: nameList([
    ...[['hostname'], ['appname'], ['procid'], ['msgid'], ['structured_data']],
    ...[
      ['version', '1'],
      ['host', 1, 'hostname'],
      ['process', 1, 'name'],
    ],
  ]),
  headFields: LOG_FIELDS,
  headOf: (priority) => (logHeads[priority] ??= logHead(priority)),
}

export const SYSLOG_NAMES: Readonly<Record<FieldNames, SyslogNames>> = { fluentd, ecs }

function logHead(priority: number): SyslogHead {
  const writer = new ByteWriter(128)
  const innerMap = writeLog(writer, priority, 0)
  return { bytes: writer.written().slice(), innerMap }
}

/** Texts and, as numbers, headers of maps of so many fields, one behind the other. */
function nameList(names: readonly (readonly (string | number)[])[]): Uint8Array {
  const list = new Uint8Array(NAME_LIST_BYTES)
  const writer = new ByteWriter(64)
  for (const [index, parts] of names.entries()) {
    writer.clear()
    for (const part of parts)
      if (typeof part === 'number') writeMapHeader(writer, part)
      else writeStr(writer, part)
    const offset = (index * NAME_LIST_BYTES) / 8
    list.set(writer.written(), offset)
    list[offset + LENGTH_OFFSET] = writer.length
  }
  return list
}
