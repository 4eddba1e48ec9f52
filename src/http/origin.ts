/**
 * Who may POST. Any page in a browser may send requests to 127.0.0.1, so those that a page asks for
 * are refused, by two signs:
 *
 * - `Origin` and `Sec-Fetch-Site`, which browsers add to every POST
 *   (https://fetch.spec.whatwg.org/#origin-header);
 * - a `Host` that is a name of somebody's: that name led to this address (DNS rebinding), and the
 *   page would be of the same origin. Nobody can have `localhost` or an IP address lead elsewhere.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { parseListen } from '../config/listen-address.ts'

/** What is wrong with a POST, or null; `listen` is the server's own address. */
export function foreignCause(headers: IncomingHttpHeaders, listen: string): string | null {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
    return 'a web page asks for it; expected a program like curl'
  const address = parseListen(listen)
  // No page gets at a unix socket.
  if (address?.scheme === 'unix') return null
  const host = hostOf(headers.host ?? '')
  const isOurs = isIP(host) !== 0 || isLoopbackName(host) || host === address?.host.toLowerCase()
  if (isOurs) return null
  return `its Host is ${JSON.stringify(host)}; expected an IP address, localhost or http.listen's`
}

/** Without port and brackets, in small letters. */
function hostOf(header: string): string {
  const text = header.toLowerCase()
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)
  return bracketed?.[1] ?? text.replace(/:\d+$/, '').replace(/\.$/, '')
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}
