/** What went wrong with TLS, in words that say what to look at. */

/** The first that fits counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/wrong version number|packet length too long/, 'it does not speak TLS at this port'],
  [
    /self[- ]signed certificate|unable to (?:verify|get) \w+|UNABLE_TO_|SELF_SIGNED/,
    'its certificate is not signed by an authority that is trusted: see tls.ca',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/certificate is not yet valid/, 'its certificate is not valid yet, or the clock here is wrong'],
  [/does not match certificate's altnames/, 'its certificate is for another name'],
  [/alert certificate required/, 'it wants a certificate: see tls.certificate'],
  [
    /alert (?:bad certificate|unknown ca|certificate (?:unknown|expired|revoked)|access denied)/,
    'it refuses the certificate it is shown: see tls.certificate',
  ],
  [/alert (?:handshake failure|protocol version)|no protocols/, 'it agrees to no TLS version here'],
]
/** `409D…:error:0A00010B:SSL routines:tls_validate:wrong version number:../deps/…:77:`. */
const OPENSSL = /^\w+:error:\w+:[^:]*:[^:]*:([^:]+):[\s\S]*$/

/** Null if the message is about something else. */
export function tlsReason(message: string): string | null {
  const words = OPENSSL.exec(message.trim())?.[1]
  const plain = REASONS.find(([pattern]) => pattern.test(message))?.[1]
  if (plain === undefined) return words ?? null
  return `${plain} (${words ?? message.trim()})`
}
