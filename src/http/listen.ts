/** The `listen` address of the HTTP server as what fastify takes: TCP, or a unix socket. */
import type { AddressInfo } from 'node:net'
import { parseListen } from '../config/listen-address.ts'

export type Target = { readonly path: string } | { readonly host: string; readonly port: number }

/** Throws when `listen` is neither `tcp://HOST:PORT` nor `unix:///PATH`. */
export function listenTarget(listen: string): Target {
  const address = parseListen(listen)
  if (address?.scheme === 'unix') return { path: address.path }
  if (address?.scheme === 'tcp') return { host: address.host, port: address.port }
  throw cannotListen(listen, new TypeError('not an address of that kind'))
}

/** `http://127.0.0.1:24220`, `http://[::1]:24220`, `unix:///run/logboom.sock`. */
export function addressText(address: AddressInfo | string | null): string {
  if (address === null) throw new Error('BUG: a listening server has no address')
  if (typeof address === 'string') return `unix://${address}`
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

export function cannotListen(listen: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const expected = 'expected tcp://HOST:PORT or unix:///PATH that is free'
  return new Error(`cannot listen on ${listen}: ${reason}; ${expected}`, { cause })
}
