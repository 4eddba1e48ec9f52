/**
 * Checks AWS Signature Version 4 from Amazon's description of it, and nothing of the client that
 * made it (IAM User Guide, Create a signed AWS API request).
 */
import { createHash, createHmac } from 'node:crypto'
import type { Asking } from './auth-front.ts'

export interface Signer {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly service: string
}

/** Null if the request is signed by them, else what is wrong. */
export function signatureFault(asking: Asking, signer: Signer): string | null {
  const { authorization = '' } = asking.headers
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    )
  if (!parts) return `no signature: ${authorization}`
  const [, credential, signed, signature] = parts as unknown as [string, string, string, string]
  const time = String(asking.headers['x-amz-date'])
  const scope = [time.slice(0, 8), signer.region, signer.service, 'aws4_request'].join('/')
  if (credential !== `${signer.accessKeyId}/${scope}`) return `another credential: ${credential}`
  if (!signed.split(';').includes('host')) return `the host is not signed: ${signed}`
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical(asking, signed))].join('\n')
  const expected = hmac(signingKey(time.slice(0, 8), signer), text).toString('hex')
  return signature === expected ? null : `another signature than of ${text}`
}

function canonical({ method, path, headers, body }: Asking, signed: string): string {
  const [name = '', query = ''] = path.split('?')
  const names = signed.split(';')
  const lines = names.map((key) => `${key}:${String(headers[key]).trim().replaceAll(/ +/g, ' ')}\n`)
  const parameters = [...new URLSearchParams(query)]
    .map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
    .sort()
    .join('&')
  // A path is encoded once more, as for all services but S3.
  const resource = name.split('/').map(encoded).join('/')
  return [method, resource, parameters, lines.join(''), signed, sha256(body)].join('\n')
}

function signingKey(day: string, { secretAccessKey, region, service }: Signer): Buffer {
  const steps = [day, region, service, 'aws4_request']
  return steps.reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`))
}

function encoded(text: string): string {
  const escape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, escape)
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
