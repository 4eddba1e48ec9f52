/**
 * Certificates for TLS tests, made in plain Node: an authority, and leaves for `localhost` and
 * 127.0.0.1 that it signs. X.509 is RFC 5280, its encoding (DER) is ITU-T X.690.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly pem: string
  readonly key: KeyObject
  readonly name: string
}

const OID = {
  commonName: '550403',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
  ecdsaWithSha256: '2a8648ce3d040302',
} as const

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const

export function makeAuthority(name: string): Certificate {
  const constraints = sequence(der(TAG.boolean, Buffer.from([0xff])))
  return issue(name, null, extension(OID.basicConstraints, constraints))
}

export interface CertificateOptions {
  /** Names it is for, in place of `localhost` and 127.0.0.1. */
  readonly hosts?: readonly string[]
  /** As ASN.1 writes a time in UTC: `YYMMDDhhmmssZ`. */
  readonly until?: string
}

/** For `localhost` and 127.0.0.1 if nothing is said; `name` tells certificates apart. */
export function makeCertificate(
  authority: Certificate,
  name: string,
  { hosts, until }: CertificateOptions = {},
): Certificate {
  const names = (hosts ?? ['localhost']).map((host) => der(TAG.dnsName, Buffer.from(host)))
  if (!hosts) names.push(der(TAG.ipAddress, Buffer.from([127, 0, 0, 1])))
  return issue(name, authority, extension(OID.subjectAltName, sequence(...names)), until)
}

/** `ca.pem`, and `cert.pem` and `key.pem` of a server for `localhost` and 127.0.0.1. */
export function writeCertificates(folder: string): void {
  const authority = makeAuthority('test authority')
  const certificate = makeCertificate(authority, 'test server')
  writeFileSync(join(folder, 'ca.pem'), authority.pem)
  writeFileSync(join(folder, 'cert.pem'), certificate.pem)
  writeFileSync(join(folder, 'key.pem'), keyPem(certificate))
}

/** The private key as a PEM text, encrypted if there is a passphrase. */
export function keyPem({ key }: Certificate, passphrase?: string): string {
  const format = { type: 'pkcs8', format: 'pem' } as const
  if (passphrase === undefined) return String(key.export(format))
  return String(key.export({ ...format, cipher: 'aes-256-cbc', passphrase }))
}

function issue(
  name: string,
  authority: Certificate | null,
  extended: Buffer,
  until = '491231235959Z',
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = sequence(oid(OID.ecdsaWithSha256))
  const body = sequence(
    der(TAG.version, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    nameOf(authority?.name ?? name),
    sequence(utcTime('200101000000Z'), utcTime(until)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(TAG.extensions, sequence(extended)),
  )
  const signature = sign('sha256', body, authority?.key ?? privateKey)
  const bytes = sequence(body, algorithm, bitString(signature))
  const base64 = bytes.toString('base64').replaceAll(/(.{64})/g, '$1\n')
  const pem = `-----BEGIN CERTIFICATE-----\n${base64.trim()}\n-----END CERTIFICATE-----\n`
  return { pem, key: privateKey, name }
}

function nameOf(commonName: string): Buffer {
  const value = der(TAG.utf8, Buffer.from(commonName))
  return sequence(der(TAG.set, sequence(oid(OID.commonName), value)))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(TAG.octetString, value))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

function integer(bytes: Buffer): Buffer {
  return der(TAG.integer, bytes)
}

function utcTime(text: string): Buffer {
  return der(TAG.utcTime, Buffer.from(text))
}

/** The first byte counts unused bits. */
function bitString(bytes: Buffer): Buffer {
  return der(TAG.bitString, Buffer.concat([Buffer.from([0]), bytes]))
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...derLength(content.length)]), content])
}

/** In as few bytes as possible, which DER demands and Go checks. */
function derLength(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff]
}
