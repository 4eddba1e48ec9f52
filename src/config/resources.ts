/**
 * Finds two components, or a component and the HTTP page, that claim one port, and two outputs
 * that could write the same file: they would rotate and delete each other's.
 */
import type { Diagnostic } from './diagnostic.ts'
import { type ListenAddress, parseListen } from './listen-address.ts'
import { patternsOverlap } from './path-overlap.ts'
import type { Path } from './schema-walk.ts'
import { locate, type Tree } from './tree.ts'

export interface Claim {
  /** `input "docker"`, `the HTTP page`. */
  readonly owner: string
  readonly path: Path
  readonly resource: string
}

/** How a claim to files starts; a path with `*` for what differs from event to event follows. */
const FILES = 'file '

export function checkResources(tree: Tree, claims: readonly Claim[]): Diagnostic[] {
  const reported = new Set<string>()
  return claims.flatMap((claim, index) => {
    const earlier = claims.slice(0, index).find((other) => collide(other, claim))
    if (!earlier) return []
    // Whoever claims tcp and udp of one port, as heartbeats do, is told once.
    const place = claim.resource.replace(/^(tcp|tls|udp):/, '')
    const key = JSON.stringify([claim.owner, place, earlier.owner])
    if (reported.has(key)) return []
    reported.add(key)
    return [conflict(tree, earlier, claim)]
  })
}

function conflict(tree: Tree, earlier: Claim, claim: Claim): Diagnostic {
  const same = earlier.owner === claim.owner
  const other = same ? 'the same input' : earlier.owner
  const message =
    `${claim.owner} cannot use ${claim.resource}: ${other} already uses ${earlier.resource}; ` +
    (isFiles(claim) ? 'expected a folder or an ending of its own' : 'expected each address once')
  return {
    severity: 'error',
    message,
    location: locate(tree, claim.path),
    ...(!same && { note: { message: 'it is used here', location: locate(tree, earlier.path) } }),
  }
}

function isFiles({ resource }: Claim): boolean {
  return resource.startsWith(FILES)
}

function collide(a: Claim, b: Claim): boolean {
  if (isFiles(a) && isFiles(b))
    return patternsOverlap(a.resource.slice(FILES.length), b.resource.slice(FILES.length))
  const [first, second] = [parseListen(a.resource), parseListen(b.resource)]
  if (!first || !second || first.scheme === 'unix' || second.scheme === 'unix')
    return a.resource === b.resource
  if (first.port === 0 || first.port !== second.port) return false
  return transport(first) === transport(second) && hostsOverlap(first.host, second.host)
}

/** TLS is spoken over TCP, so the two share their ports. */
function transport(address: ListenAddress): string {
  return address.scheme === 'tls' ? 'tcp' : address.scheme
}

function hostsOverlap(a: string, b: string): boolean {
  const [first, second] = [a.toLowerCase(), b.toLowerCase()]
  if (first === second || isWildcard(first) || isWildcard(second)) return true
  return isLocalhost(first, second) || isLocalhost(second, first)
}

/** `::` takes IPv4 connections too, as Linux has it by default. */
function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The name may lead to either address. */
function isLocalhost(name: string, address: string): boolean {
  return name === 'localhost' && (address === '127.0.0.1' || address === '::1')
}
