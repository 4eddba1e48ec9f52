/**
 * The `tls` section of an input that listens on `tls://` addresses, and the files it names.
 * The server side of the handshake is tls-terminator.ts.
 */
import { readFile, stat } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import type { Static } from 'typebox'
import { Secret } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'

export const tlsSchema = Type.Object(
  {
    certificate: Type.String({
      description: 'PEM file with the certificate and its intermediates, leaf first.',
      minLength: 1,
      examples: ['/etc/logboom/server.pem'],
    }),
    key: Type.String({ description: 'PEM file with the private key.', minLength: 1 }),
    passphrase: Type.Optional(
      Secret({ description: 'Passphrase of the private key; absent means it has none.' }),
    ),
    client_ca: Type.Optional(
      Type.String({
        description: 'PEM file with the authorities that sign clients; absent: nobody is asked.',
        minLength: 1,
      }),
    ),
    client_certificate: Type.Union([Type.Literal('required'), Type.Literal('optional')], {
      description:
        'Whether a client must show a certificate that `client_ca` signed, or may do without ' +
        'one. One that it did not sign is refused either way.',
      default: 'required',
    }),
    min_version: Type.Union([Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')], {
      description: 'Oldest version of TLS that is spoken.',
      default: 'TLSv1.2',
    }),
    max_version: Type.Optional(
      Type.Union([Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')], {
        description:
          'Newest version of TLS that is spoken; absent means `min_version`. With TLSv1.3 a ' +
          'client that never reads, as most do that ask for no acknowledgement (Docker too), ' +
          'may lose what it sent last when it closes.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Certificate for the `tls://` addresses. The files are read again when they change; ' +
      'open connections keep what they have. Absent means there is no such address.',
  },
)

export type TlsConfig = Static<typeof tlsSchema>

/** What the files hold now. Rejects if one cannot be read. */
export async function readTlsFiles(config: TlsConfig): Promise<SecureContextOptions> {
  const [cert, key, ca] = await Promise.all([
    readNamed('certificate', config.certificate),
    readNamed('key', config.key),
    config.client_ca === undefined ? undefined : readNamed('client_ca', config.client_ca),
  ])
  return {
    cert,
    key,
    minVersion: config.min_version,
    // TLS 1.3 begins with session tickets for the client, and Node cannot keep OpenSSL from sending
    // them. A client that closes with them unread makes its kernel reset the connection and throw
    // away what was still to be sent. In TLS 1.2 they are part of the handshake, and read.
    maxVersion: config.max_version ?? config.min_version,
    ...(config.passphrase === undefined ? {} : { passphrase: config.passphrase }),
    ...(ca === undefined ? {} : { ca }),
  }
}

/** Changes whenever one of the files was replaced or rewritten; follows symbolic links. */
export async function tlsFilesVersion(config: TlsConfig): Promise<string> {
  const paths = [config.certificate, config.key, config.client_ca ?? config.key]
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })))
  return stats.map(({ ino, size, mtimeNs }) => `${ino}/${size}/${mtimeNs}`).join(' ')
}

async function readNamed(key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(`cannot read tls.${key} ${path}: ${reason}; expected a PEM file`, { cause })
  }
}
