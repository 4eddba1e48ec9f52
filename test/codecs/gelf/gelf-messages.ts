/** GELF messages and options for tests. */
import type { GelfDecoderOptions } from '../../../src/codecs/gelf/decoder.ts'
import { TEST_SECONDS } from '../../support/entries.ts'

/** As Docker's driver sends it. */
export const DOCKER = {
  version: '1.1',
  host: 'dockerhost',
  short_message: 'hello',
  timestamp: 1455000000.123,
  level: 6,
  _command: 'sh -c "echo hello"',
  _container_id: 'c0ffee'.repeat(10),
  _container_name: 'web1',
  _created: '2026-11-21T08:50:00.123456789Z',
  _image_id: `sha256:${'ab'.repeat(32)}`,
  _image_name: 'busybox:latest',
  _tag: 'docker.web1',
}

export const READER_OPTIONS = {
  fields: 'strip' as const,
  messageKey: 'log',
  strict: false,
  depthMax: 8,
  tagMaxBytes: 64,
}

/** Options whose reasons of failure go into `failures`. */
export function decoderOptions(
  failures: string[] = [],
  changed: Partial<GelfDecoderOptions> = {},
): GelfDecoderOptions {
  return {
    ...READER_OPTIONS,
    delimiter: 'auto',
    messageMaxBytes: 4096,
    renderTag: null,
    defaultTag: 'gelf',
    now: () => TEST_SECONDS * 1000,
    onFailed: (reason) => failures.push(reason),
    ...changed,
  }
}
