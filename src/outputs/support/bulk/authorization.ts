/** The `authorization` header of a request; secrets in files are read each time. */
import { readFile } from 'node:fs/promises'
import type { AuthConfig } from './connection-schema.ts'
import { TransportError } from './transport.ts'

/** Undefined without `auth`. Rejects with a `TransportError` if a file cannot be read. */
export async function authorizationOf(auth: AuthConfig | undefined): Promise<string | undefined> {
  if (!auth) return undefined
  const { username } = auth
  if (username !== undefined) {
    const password = await secret(auth, 'password')
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }
  const apiKey = await secret(auth, 'api_key')
  if (apiKey !== undefined) return `ApiKey ${apiKey}`
  const token = await secret(auth, 'bearer_token')
  return token === undefined ? undefined : `Bearer ${token}`
}

type SecretName = 'password' | 'api_key' | 'bearer_token'

async function secret(auth: AuthConfig, name: SecretName): Promise<string | undefined> {
  const path = auth[`${name}_file`]
  if (path === undefined) return auth[name]
  try {
    // An editor's newline at the end is no part of it.
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    const message = `cannot read auth.${name}_file ${path}: ${(cause as Error).message}`
    throw new TransportError('setup', message, cause)
  }
}
