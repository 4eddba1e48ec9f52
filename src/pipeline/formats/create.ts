/** Makes of the option `format` what reads lines, and says what of it a schema cannot see. */
import { sizeInBytes } from '../../config/units.ts'
import { AccessLogFormat } from '../../codecs/formats/access-log.ts'
import { CriFormat } from '../../codecs/formats/cri.ts'
import { CsvFormat } from '../../codecs/formats/csv.ts'
import { DockerFormat } from '../../codecs/formats/docker.ts'
import { ApacheErrorFormat, NginxErrorFormat } from '../../codecs/formats/error-log.ts'
import { FirstOf } from '../../codecs/formats/first-of.ts'
import type { LineFormat } from '../../codecs/formats/format.ts'
import { JsonFormat } from '../../codecs/formats/json.ts'
import { LogfmtFormat } from '../../codecs/formats/logfmt.ts'
import { LtsvFormat } from '../../codecs/formats/ltsv.ts'
import { NoneFormat } from '../../codecs/formats/none.ts'
import { RegexpFormat } from '../../codecs/formats/regexp.ts'
import { SyslogFormat } from '../../codecs/formats/syslog.ts'
import { TimedFormat } from '../../codecs/formats/timed.ts'
import { compileRegexp } from '../../codecs/regexp/regexp.ts'
import { type TimeReader, timeReader } from '../../codecs/time/time-reader.ts'
import { Zone } from '../../codecs/time/zone.ts'
import type { LineFormatConfig, OneFormatConfig } from './schema.ts'

export interface FormatSetting {
  /** Milliseconds since 1970, for times without a year. */
  readonly now: () => number
}

/** A configuration without faults (faults.ts). */
export function createFormat(config: LineFormatConfig, setting: FormatSetting): LineFormat {
  const list = Array.isArray(config) ? (config as (OneFormatConfig | string)[]) : [config]
  const formats = list.map((item) => createOne(asObject(item as OneFormatConfig), setting))
  return formats.length === 1 ? formats[0]! : new FirstOf(formats)
}

/** `json` is short for `{ type: json }`. */
export function asObject(config: OneFormatConfig | string): OneFormatConfig {
  if (typeof config !== 'string') return config
  // All options with a default that a format without required ones may have.
  return { type: config, field: 'log', zone: 'UTC' } as unknown as OneFormatConfig
}

function createOne(config: OneFormatConfig, setting: FormatSetting): LineFormat {
  const format = createUntimed(config, setting)
  const time = 'time' in config ? config.time : undefined
  if (!time) return format
  const reader = readerOf(time.format, time.zone, setting)
  return new TimedFormat(format, { field: time.field, reader, keep: time.keep })
}

function createUntimed(config: OneFormatConfig, setting: FormatSetting): LineFormat {
  switch (config.type) {
    case 'none':
      return new NoneFormat(config.field)
    case 'json':
      return new JsonFormat()
    case 'logfmt':
      return new LogfmtFormat(config.types)
    case 'ltsv':
      return new LtsvFormat(config.types)
    case 'csv':
      return new CsvFormat({ ...config, types: config.types ?? {} })
    case 'regexp': {
      const regexp = compileRegexp(config.expression, config.flags)
      const lineMaxBytes = sizeInBytes(config.line_max)
      return new RegexpFormat({ regexp, types: config.types ?? {}, lineMaxBytes })
    }
    case 'syslog':
      return new SyslogFormat({ zone: new Zone(config.zone), now: setting.now })
    case 'docker':
      return new DockerFormat()
    case 'cri':
      return new CriFormat()
    case 'nginx':
    case 'nginx_error':
    case 'apache':
    case 'apache_error':
      return createServerLog(config, setting)
  }
}

type ServerLogConfig = Extract<OneFormatConfig, { type: `${'nginx' | 'apache'}${string}` }>

function createServerLog(config: ServerLogConfig, setting: FormatSetting): LineFormat {
  const read = (format: string, zone: string) => readerOf(format, zone, setting)
  switch (config.type) {
    case 'nginx':
    case 'apache': {
      const times = [read('%d/%b/%Y:%H:%M:%S %z', 'UTC'), read('rfc3339', 'UTC')]
      return new AccessLogFormat({ type: config.type, times })
    }
    case 'nginx_error':
      return new NginxErrorFormat(read('%Y/%m/%d %H:%M:%S', config.zone))
    case 'apache_error': {
      const formats = ['%a %b %d %H:%M:%S.%f %Y', '%a %b %d %H:%M:%S %Y']
      return new ApacheErrorFormat(formats.map((format) => read(format, config.zone)))
    }
  }
}

/** A format and a zone without faults. */
export function readerOf(format: string, zone: string, { now }: FormatSetting): TimeReader {
  return timeReader(format, { zone: new Zone(zone), now })
}
