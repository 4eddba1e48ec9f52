/**
 * Bodies of `multipart/form-data` (RFC 7578) with the parts `json`, `msgpack` and `time`, read by
 * the parser that Node has for `fetch`. It makes text of a part without a file name, so msgpack has
 * to be sent as a file, as `curl -F msgpack=@FILE` does.
 */
import { HttpError } from '../support/http-error.ts'
import type { Parameters } from './url-form.ts'

/** Rejects with an HttpError for what is no such body. */
export async function readMultipart(body: Uint8Array, contentType: string): Promise<Parameters> {
  const parameters = new Map<string, Uint8Array>()
  const form = await parse(body, contentType)
  for (const [name, value] of form) {
    const bytes =
      typeof value === 'string' ? Buffer.from(value) : new Uint8Array(await value.arrayBuffer())
    parameters.set(name, bytes)
  }
  return parameters
}

async function parse(body: Uint8Array, contentType: string): Promise<FormData> {
  const bytes = body as Uint8Array<ArrayBuffer>
  try {
    return await new Response(bytes, { headers: { 'content-type': contentType } }).formData()
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    const message = `cannot read the form: ${cause}; expected multipart/form-data with a boundary`
    throw new HttpError(400, message, { reason: 'invalid_form' })
  }
}
