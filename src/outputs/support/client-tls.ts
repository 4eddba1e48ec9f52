/** The `tls` section of an output that connects to `tls://` servers, and the files it names. */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import type { Static } from 'typebox'
import { Secret } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'
import type { Fault } from '../../pipeline/component.ts'
import type { Finding } from '../../pipeline/probe.ts'

export const clientTlsSchema = Type.Object(
  {
    ca: Type.Optional(
      Type.String({
        description:
          'PEM file with the authorities that sign the server; absent means those that Node.js ' +
          'knows.',
        minLength: 1,
        examples: ['/etc/logboom/ca.pem'],
      }),
    ),
    certificate: Type.Optional(
      Type.String({
        description:
          'PEM file with a certificate to show and its intermediates, leaf first; absent: none.',
        minLength: 1,
      }),
    ),
    key: Type.Optional(
      Type.String({
        description: 'PEM file with the private key of `certificate`; absent: none.',
        minLength: 1,
      }),
    ),
    passphrase: Type.Optional(
      Secret({ description: 'Passphrase of the private key; absent means it has none.' }),
    ),
    server_name: Type.Optional(
      Type.String({
        description: 'Name the certificate must be for; absent means the host in the address.',
        minLength: 1,
      }),
    ),
    verify: Type.Boolean({
      description: 'Without it any certificate is taken, so anybody may be the server.',
      default: true,
    }),
  },
  {
    additionalProperties: false,
    description:
      'How `tls://` servers are checked, and what they are shown. The files are read for each ' +
      'connection. Absent means that the server needs a certificate from a public authority.',
  },
)

export type ClientTlsConfig = Static<typeof clientTlsSchema>

export function clientTlsFaults(tls: ClientTlsConfig | undefined): Fault[] {
  if ((tls?.certificate === undefined) === (tls?.key === undefined)) return []
  const absent = tls?.key === undefined ? 'key' : 'certificate'
  const message = `has no \`${absent}\`; expected certificate and key, or neither`
  return [{ path: ['tls'], message }]
}

/** What `check --connect` says of a server that may be anybody; nothing if it is checked. */
export function unverifiedFindings(server: string, tls: ClientTlsConfig | undefined): Finding[] {
  if (tls?.verify !== false) return []
  const text = `${server} may be anybody: its certificate is not checked (tls.verify)`
  return [{ kind: 'warning', text }]
}

/** For `tls.connect`. Rejects if a file cannot be read. */
export async function clientTlsOptions(
  config: ClientTlsConfig | undefined,
  host: string,
): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all([
    readNamed('ca', config?.ca),
    readNamed('certificate', config?.certificate),
    readNamed('key', config?.key),
  ])
  const passphrase = config?.passphrase
  const name = config?.server_name ?? host
  return {
    // What is sent for the server to choose its certificate by, which may be no address.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    rejectUnauthorized: config?.verify ?? true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(passphrase !== undefined && { passphrase }),
  }
}

async function readNamed(key: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(`cannot read tls.${key} ${path}: ${reason}; expected a PEM file`, { cause })
  }
}
