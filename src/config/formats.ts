/**
 * The `format`s of src/config/fields.ts: how each is checked, how it is named in an error, and the
 * pattern that stands for it in the JSON Schema for editors.
 */
import { isIP, isIPv4 } from 'node:net'
import {
  conditionTrouble,
  fieldTrouble,
  regexpTrouble,
  templateTrouble,
  type TextTrouble,
} from './readable.ts'
import { LISTEN_EXPECTED, parseListen } from './listen-address.ts'
import { DURATION_EXPECTED, parseDuration, parseSize, SIZE_EXPECTED } from './units.ts'

export interface FormatRule {
  check(text: string): boolean
  /** Completes "expected …". */
  readonly expected: string
  /** Says where a text is wrong, for what is a language of its own. */
  trouble?(text: string): TextTrouble | undefined
  /** What an editor can check; the loader checks more. */
  readonly pattern?: string
  /** Texts that fit and are of different kinds, if it is not any text that fits. */
  readonly samples?: readonly string[]
}

export const formats: Readonly<Record<string, FormatRule>> = {
  size: {
    check: (text) => parseSize(text) !== undefined,
    expected: SIZE_EXPECTED,
    pattern: '^\\d+(\\.\\d+)? ?([KMGT]i?)?B$',
    samples: ['0B', '1MiB'],
  },
  duration: {
    check: (text) => parseDuration(text) !== undefined,
    expected: DURATION_EXPECTED,
    pattern: '^\\d+(\\.\\d+)? ?(ms|s|m|h|d|w)$',
    samples: ['1s', '1d'],
  },
  mode: {
    check: (text) => /^0?[0-7]{3,4}$/.test(text),
    expected: 'an octal file mode in quotes: "0640"',
    pattern: '^0?[0-7]{3,4}$',
    samples: ['0640', '0600'],
  },
  network: {
    check: isNetwork,
    expected: 'a network or an address: 10.0.0.0/8, 192.168.1.7, fd00::/8',
    samples: ['10.0.0.0/8', 'fd00::/8'],
  },
  listen: {
    check: (text) => parseListen(text) !== undefined,
    trouble: datagramTrouble,
    expected: LISTEN_EXPECTED,
    pattern: '^((tcp|tls|udp)://.+:\\d+|unix:///.+)$',
    samples: ['tcp://127.0.0.1:0', 'tls://127.0.0.1:0', 'unix:///x', 'udp://127.0.0.1:0'],
  },
  http_listen: {
    check: (text) => /^(tcp|unix)$/.test(parseListen(text)?.scheme ?? ''),
    expected: 'tcp://HOST:PORT or unix:///PATH',
    pattern: '^(tcp://.+:\\d+|unix:///.+)$',
    samples: ['tcp://127.0.0.1:0', 'unix:///x'],
  },
  server: {
    check: isServer,
    expected: 'tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH',
    pattern: '^(tcp|tls)://.+:\\d+$|^unix:///.+$',
    samples: ['tcp://127.0.0.1:1', 'tls://127.0.0.1:1', 'unix:///x'],
  },
  label: {
    check: (text) => /^@./.test(text),
    expected: 'a label: "@name"',
    pattern: '^@.+$',
    samples: ['@x', '@y'],
  },
  condition: {
    check: (text) => conditionTrouble(text) === undefined,
    trouble: conditionTrouble,
    expected: 'a condition: level == "error" and not container_name =~ /^test/',
    samples: ['level == 1', 'level == 2'],
  },
  regexp: {
    check: (text) => regexpTrouble(text) === undefined,
    trouble: regexpTrouble,
    expected: 'a regular expression',
    samples: ['x', 'y'],
  },
  field: {
    check: (text) => fieldTrouble(text) === undefined,
    trouble: fieldTrouble,
    expected: 'a field: level, kubernetes.pod or labels["a.b"]',
    samples: ['x', 'y'],
  },
  template: {
    check: (text) => templateTrouble(text) === undefined,
    trouble: templateTrouble,
    expected: 'a text, with placeholders like ${tag} and ${$.field} in it',
    samples: ['x', 'y'],
  },
  secret: {
    check: (text) => secretTrouble(text) === undefined,
    trouble: secretTrouble,
    expected: 'a text',
  },
}

/** Where something listens, so no port that the system is to choose. */
function isServer(text: string): boolean {
  const address = parseListen(text)
  if (!address || address.scheme === 'udp') return false
  return address.scheme === 'unix' || address.port > 0
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  if (isIP(address) === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128)
}

/** What nobody fills in would be the password itself, which an attacker could read in a guide. */
function secretTrouble(text: string): TextTrouble | undefined {
  const name = /\$\{([A-Za-z_]\w*)\}/.exec(text)?.[1]
  if (name === undefined) return undefined
  return {
    message: `nothing fills in \${${name}}; expected \${env:${name}}, or \${file:PATH} for a file`,
  }
}

/** `/dev/log` and journald's socket. */
function datagramTrouble(text: string): TextTrouble | undefined {
  if (!text.startsWith('unixgram:')) return undefined
  const message =
    'Node.js has no unix datagram sockets; expected unix:///PATH (a stream) or udp://HOST:PORT, ' +
    'with rsyslog or systemd-journald forwarding what comes to /dev/log'
  return { message }
}
