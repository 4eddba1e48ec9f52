/** Requests to an `http` input under test. */
import type { InputRun } from '../../drivers/run-input.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export interface PostOptions {
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
}

export async function post(
  run: InputRun,
  path: string,
  body: string | Uint8Array | FormData,
  { type, headers = {}, method = 'POST' }: PostOptions = {},
): Promise<Answer> {
  const url = run.address().replace('tcp', 'http') + path
  const sent = typeof body === 'string' && type === undefined ? Buffer.from(body) : body
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(type !== undefined && { 'content-type': type }) },
    ...(method === 'POST' && { body: sent as string }),
  })
  const text = await answer.text()
  const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: answer.status, headers: answer.headers, body: parsed }
}
