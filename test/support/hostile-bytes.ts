/** Bytes that no well-meaning sender sends: pieces of each protocol, cut, repeated and changed. */
import { gzipSync } from 'node:zlib'
import { Random } from '../../bench/traffic/random.ts'

export type Protocol = 'syslog' | 'gelf' | 'lines' | 'http'

const BOMB = gzipSync(Buffer.alloc(32 * 1024 * 1024))
const head = (length: string) =>
  `POST /hostile HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${length}\r\n\r\n`

const PIECES: Readonly<Record<Protocol, readonly (string | Buffer)[]>> = {
  syslog: [
    '<30>Nov 26 11:59:58 h app[1]: text\n',
    '<30>1 2026-11-26T11:59:58.1Z h app 1 - [a b="c"] text\n',
    '54 <30>1 2026-11-26T11:59:58.1Z h app 1 - [a b="c"] text',
    '99999999 <30>1 ',
    '1048576 <30>Nov 26',
    `<999>1 - - - - - ${'[e'.repeat(200)}`,
    `[${'x="\\"" '.repeat(200)}`,
    '<30>Feb 31 25:61:61 ',
    '\0\r\n',
    '\n\n\n',
  ],
  gelf: [
    '{"version":"1.1","host":"h","short_message":"a"}\0',
    '{"version":"1.1","host":"h","short_message":"a"}\n',
    `{"short_message":${'['.repeat(5000)}`,
    '{"short_message":"\ud800","_tag":"../../x","timestamp":1e400}\0',
    '{"timestamp":-99999999999999999999,"level":"","_id":1,"__proto__":{"a":1}}\0',
    Buffer.from([0x1e, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8, 0, 2, 0x7b]),
    Buffer.from([0x1e, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8, 200, 2]),
    Buffer.from([0x1e, 0x0f, 9]),
    gzipSync('{"short_message":"compressed"}'),
    BOMB,
  ],
  lines: ['a line\n', '\r\n', '\0\0', 'x'.repeat(3000), '\n', Buffer.from([0xff, 0xc0, 0x80])],
  http: [
    head('Content-Length: 7') + '{"a":1}',
    head('Content-Length: 99999999999'),
    head('Content-Length: -1'),
    head('Content-Length: 1\r\nTransfer-Encoding: chunked') + '7\r\n{"a":1}\r\n0\r\n\r\n',
    head('Transfer-Encoding: chunked') + 'fffffffff\r\n',
    head('Transfer-Encoding: chunked') + '7\r\n{"a":1}\r\n0\r\n\r\n',
    Buffer.concat([
      Buffer.from(head(`Content-Encoding: gzip\r\nContent-Length: ${BOMB.length}`)),
      BOMB,
    ]),
    `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5000)}`,
    head(`Content-Length: 5000`) + '['.repeat(5000),
    `POST /${'%00'.repeat(500)} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`,
    '\x16\x03\x01\x02\x00\x01\x00',
  ],
}

export class HostileBytes {
  readonly #protocol: Protocol
  readonly #random: Random

  constructor(protocol: Protocol, seed: number) {
    this.#protocol = protocol
    this.#random = new Random(seed)
  }

  /** At most `maxBytes`, seldom none. */
  next(maxBytes: number): Buffer {
    const random = this.#random
    const pieces = PIECES[this.#protocol]
    const parts = Array.from({ length: 1 + random.below(6) }, () =>
      Buffer.from(pieces[random.below(pieces.length)]!),
    )
    const bytes = Buffer.concat(parts).subarray(0, maxBytes)
    if (random.below(4) === 0) return bytes.subarray(0, random.below(bytes.length + 1))
    for (let left = random.below(4) ** 2; left > 0 && bytes.length > 0; left--)
      bytes[random.below(bytes.length)] = random.below(256)
    return bytes
  }
}
