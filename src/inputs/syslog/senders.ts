/** Makes the senders of one input: their zones, tags and fields, by their addresses. */
import { SyslogSender, type TextField } from '../../codecs/syslog/sender.ts'
import { localZone } from '../../codecs/time/local-zone.ts'
import type { ZoneReader } from '../../codecs/time/rfc3339.ts'
import { Zone } from '../../codecs/time/zone.ts'
import { TAG_NAMES } from '../../codecs/syslog/tag.ts'
import type { Source } from '../support/decoded.ts'
import type { HostnameCache } from '../support/hostname-cache.ts'
import { NetworkList } from '../support/network-list.ts'
import { parseTag, type TagPart } from '../support/tag-template.ts'
import type { SyslogConfig } from './schema.ts'

export class SyslogSenders {
  readonly #config: SyslogConfig
  readonly #tag: readonly TagPart[]
  readonly #zone: ZoneReader
  readonly #zones: readonly { readonly networks: NetworkList; readonly zone: ZoneReader }[]

  constructor(config: SyslogConfig) {
    const { tag, timezone, timezones } = config
    this.#config = config
    this.#tag = parseTag(tag, TAG_NAMES)
    this.#zone = timezone === undefined ? localZone : new Zone(timezone)
    this.#zones = timezones.map(({ network, timezone: name }) => {
      return { networks: new NetworkList([network]), zone: new Zone(name) }
    })
  }

  /** For a connection. */
  of({ address, hostname }: Source): SyslogSender {
    return new SyslogSender({
      address: address ?? '',
      tag: this.#tag,
      zone: address === null ? this.#zone : this.#zoneOf(address),
      fields: address === null ? [] : this.#fields(address, hostname),
      arrivalKey: this.#config.arrival_time_key,
    })
  }

  /** For datagrams: the address stands in for the name until that is there. */
  ofDatagrams(address: string, hostnames: HostnameCache | null): SyslogSender {
    const sender = this.of({ address, hostname: address })
    if (hostnames) {
      void hostnames.nameOf(address).then((name) => sender.setFields(this.#fields(address, name)))
    }
    return sender
  }

  #zoneOf(address: string): ZoneReader {
    return this.#zones.find(({ networks }) => networks.includes(address))?.zone ?? this.#zone
  }

  #fields(address: string, hostname: string): TextField[] {
    const { source_address_key: addressKey, source_hostname_key: hostnameKey } = this.#config
    const fields: TextField[] = []
    if (addressKey !== '') fields.push({ key: addressKey, value: address })
    if (hostnameKey !== undefined) fields.push({ key: hostnameKey, value: hostname })
    return fields
  }
}
