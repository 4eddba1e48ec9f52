/** Options of the `syslog` input, and the combinations of them that cannot work. */
import type { Static } from 'typebox'
import { TAG_NAMES } from '../../codecs/syslog/tag.ts'
import { isZone } from '../../codecs/time/zone.ts'
import { Network, Size } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import { sizeInBytes } from '../../config/units.ts'
import type { Fault } from '../../pipeline/component.ts'
import { ListenList } from '../support/listen-list.ts'
import {
  accessFields,
  connectionFields,
  datagramFields,
  handshakeField,
  inFlightFields,
  keepaliveField,
  listenFaults,
  pendingFields,
  proxyField,
} from '../support/schema.ts'
import { tagFaults } from '../support/tag-template.ts'

const timezoneOf = Type.Object(
  {
    network: Network({ description: 'Network or address of the senders.' }),
    timezone: Type.String({ description: 'IANA name of their zone.', minLength: 1 }),
  },
  { additionalProperties: false },
)

export const syslogSchema = Type.Object(
  {
    listen: ListenList({
      description:
        'Addresses to take messages on: `udp://`, `tcp://`, `tls://` or `unix://` (a stream), ' +
        'one or a list.',
      default: ['udp://127.0.0.1:5140', 'tcp://127.0.0.1:5140'],
      examples: ['tcp://0.0.0.0:514', ['udp://0.0.0.0:514', 'tcp://0.0.0.0:514']],
    }),
    ...accessFields,
    tag: Type.String({
      description:
        'Tag of the events. Placeholders: `${facility}`, `${severity}`, `${host}` (the address ' +
        'where a message names none), `${ident}`, `${pid}`, `${msgid}`, `${source_address}`; ' +
        'what a message does not say is `unknown`. With any of `host`, `ident`, `pid` and ' +
        '`msgid` a message costs several times as much.',
      default: 'syslog.${facility}.${severity}',
      minLength: 1,
      examples: ['syslog.${host}'],
    }),
    fields: Type.Union([Type.Literal('fluentd'), Type.Literal('ecs')], {
      description:
        "How the fields are called: as Fluentd's parser does (`host`, `ident`, `pid`, `msgid`, " +
        '`extradata`, `message`; and `facility`, `severity` with their codes), or as the Elastic ' +
        'Common Schema does (`log.syslog.…`, nested), which costs some 3 µs more for each message.',
      default: 'fluentd',
    }),
    timezone: Type.Optional(
      Type.String({
        description:
          'IANA name of the zone of times that do not say theirs; absent means that of this ' +
          'machine. Such times have no year either: the nearest to the arrival is taken.',
        minLength: 1,
        examples: ['Europe/Berlin'],
      }),
    ),
    timezones: Type.Array(timezoneOf, {
      description: 'Zones of senders in other places; the first network that fits is taken.',
      default: [],
    }),
    arrival_time_key: Type.String({
      description: 'Field that keeps when a message came, in UTC; empty for none.',
      default: 'received_at',
    }),
    source_address_key: Type.String({
      description:
        "Field that the sender's address is put into; empty for none. Events from a unix socket " +
        'never get it.',
      default: 'source_address',
    }),
    source_hostname_key: Type.Optional(
      Type.String({
        description:
          "Field that the sender's name by reverse DNS is put into, or its address until the " +
          'name is there. Absent means none.',
        minLength: 1,
      }),
    ),
    message_max: Size({
      description:
        'Longest message over tcp, tls and unix. A longer one is cut: its first piece is marked ' +
        '`truncated`, the pieces behind it `parse_failed: continued`.',
      default: '64KiB',
    }),
    ...datagramFields,
    ...keepaliveField,
    ...proxyField,
    ...pendingFields,
    ...inFlightFields,
    ...connectionFields,
    ...handshakeField,
  },
  { additionalProperties: false },
)

export type SyslogConfig = Static<typeof syslogSchema>

const MESSAGE_MIN_BYTES = 1024
const OWN_FIELDS = new Set(
  (
    'facility facility_code severity severity_code pri host ident pid msgid extradata sequence ' +
    'device_time message truncated parse_failed log process'
  ).split(' '),
)

/** Combinations of options that cannot work. */
export function syslogFaults(config: SyslogConfig): Fault[] {
  return [
    ...listenFaults(config, { schemes: ['udp', 'tcp', 'tls', 'unix'] }),
    ...tagFaults(config.tag, TAG_NAMES),
    ...zoneFaults(config),
    ...keyFaults(config),
    ...messageMaxFaults(config),
  ]
}

function zoneFaults({ timezone, timezones }: SyslogConfig): Fault[] {
  const named = timezones.map(({ timezone: name }, index) => {
    return { name, path: ['timezones', String(index), 'timezone'] }
  })
  if (timezone !== undefined) named.push({ name: timezone, path: ['timezone'] })
  return named
    .filter(({ name }) => !isZone(name))
    .map(({ name, path }) => {
      const message = `cannot use "${name}" as a zone; expected an IANA name: Europe/Berlin`
      return { path, message }
    })
}

function keyFaults(config: SyslogConfig): Fault[] {
  const keys = ['arrival_time_key', 'source_address_key', 'source_hostname_key'] as const
  const faults: Fault[] = []
  const taken = new Set(OWN_FIELDS)
  for (const key of keys) {
    const name = config[key] ?? ''
    if (name !== '' && taken.has(name)) {
      const message = `is ${name}, which another field has; expected a name of its own`
      faults.push({ path: [key], message })
    }
    taken.add(name)
  }
  return faults
}

function messageMaxFaults({ message_max }: SyslogConfig): Fault[] {
  if (sizeInBytes(message_max) >= MESSAGE_MIN_BYTES) return []
  const message = 'is too small; expected 1KiB or more (RFC 5424 has every receiver take 480 bytes)'
  return [{ path: ['message_max'], message }]
}
