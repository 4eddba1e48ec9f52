/** Options of an output that say where its server is, and who asks. */
import type { Static } from 'typebox'
import { Duration, Secret, Size } from '../../../config/fields.ts'
import { Type } from '../../../config/type.ts'
import type { Fault } from '../../../pipeline/component.ts'
import { clientTlsFaults, clientTlsSchema } from '../client-tls.ts'

const secretFile = (what: string) =>
  Type.Optional(
    Type.String({
      description:
        `File with the ${what}, read for each request: a change needs no restart. ` +
        'Absent: none.',
      minLength: 1,
    }),
  )

export const authSchema = Type.Object(
  {
    username: Type.Optional(
      Type.String({ description: 'User, with a password (basic); absent: none.', minLength: 1 }),
    ),
    password: Type.Optional(Secret({ description: 'Password of the user; absent: none.' })),
    password_file: secretFile('password'),
    api_key: Type.Optional(
      Secret({ description: 'API key, in its encoded form (base64); absent: none.' }),
    ),
    api_key_file: secretFile('API key'),
    bearer_token: Type.Optional(
      Secret({ description: 'Token (service account, OAuth); absent: none.' }),
    ),
    bearer_token_file: secretFile('token'),
  },
  {
    additionalProperties: false,
    description:
      'Who asks: a user, an API key or a token, one of them. While the server refuses it, events ' +
      'wait in the buffer. Absent means that the server asks for nothing.',
  },
)

/** Spread into the schema of an output. */
export const connectionOptions = {
  url: Type.Optional(
    Type.String({
      description:
        'Address of the server: `http://` or `https://`, with a path if it has one. Absent means ' +
        'that another option says it.',
      minLength: 1,
      examples: ['http://127.0.0.1:9200'],
    }),
  ),
  urls: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      description:
        'Addresses of several nodes of a cluster, in place of `url`. They take turns; one that ' +
        'fails is left out for a while, longer each time. Nothing is asked for other nodes.',
      minItems: 1,
      examples: [['https://es1.example.org:9200', 'https://es2.example.org:9200']],
    }),
  ),
  auth: Type.Optional(authSchema),
  tls: Type.Optional(clientTlsSchema),
  request_timeout: Duration({
    description:
      'Time for a request, until the last byte of its answer. What the server may have stored by ' +
      'then is sent again with the same ids, so it is not stored twice.',
    default: '60s',
  }),
  answer_max: Size({
    description: 'Largest answer that is read; a larger one counts as a failure.',
    default: '64MiB',
  }),
}

export const connectionSchema = Type.Object(connectionOptions)
export type ConnectionConfig = Static<typeof connectionSchema>
export type AuthConfig = Static<typeof authSchema>

export function urlsOf({ url, urls }: Pick<ConnectionConfig, 'url' | 'urls'>): readonly string[] {
  return urls ?? (url === undefined ? [] : [url])
}

/** `hasOther`: another option says where the server is. */
export function connectionFaults(config: ConnectionConfig, hasOther = false): Fault[] {
  const { url, urls, auth, tls } = config
  const given = [url, urls, hasOther || undefined].filter((one) => one !== undefined).length
  const faults: Fault[] = []
  if (given !== 1) {
    const message = `has ${given === 0 ? 'no address' : 'several'}; expected \`url\` or \`urls\``
    faults.push({ path: urls ? ['urls'] : ['url'], message })
  }
  for (const one of urlsOf(config)) faults.push(...urlFaults(one, urls ? ['urls'] : ['url']))
  if (auth) faults.push(...authFaults(auth))
  faults.push(...clientTlsFaults(tls))
  if (tls && !hasOther && !urlsOf(config).some((one) => one.startsWith('https:'))) {
    const message = 'is of no use: no address begins with https://'
    faults.push({ path: ['tls'], message })
  }
  return faults
}

function urlFaults(text: string, path: readonly string[]): Fault[] {
  const url = URL.parse(text)
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return [
      { path, message: `cannot read ${maskedUrl(text)}; expected http://HOST:PORT or https://` },
    ]
  if (url.username !== '' || url.password !== '')
    return [{ path, message: 'has a user in it; expected it in `auth`' }]
  if (url.search !== '' || url.hash !== '')
    return [{ path, message: 'has a query in it; expected no more than a path' }]
  return []
}

function authFaults(auth: AuthConfig): Fault[] {
  const ways = [
    [auth.username, auth.password ?? auth.password_file],
    [auth.api_key ?? auth.api_key_file],
    [auth.bearer_token ?? auth.bearer_token_file],
  ].filter((way) => way.some((part) => part !== undefined))
  const path = ['auth']
  if (ways.length !== 1) {
    const count = ways.length === 0 ? 'nobody' : 'more than one'
    const message = `says ${count}; expected one of username, api_key, bearer_token`
    return [{ path, message }]
  }
  if (ways[0]!.some((part) => part === undefined))
    return [{ path, message: 'is not whole; expected a username and its password' }]
  for (const name of ['password', 'api_key', 'bearer_token'] as const)
    if (auth[name] !== undefined && auth[`${name}_file`] !== undefined)
      return [{ path, message: `has ${name} twice; expected it here or in a file` }]
  return []
}

/** With no password in it, for logs. */
export function maskedUrl(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//***@')
}
