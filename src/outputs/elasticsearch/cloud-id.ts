/**
 * The address in an Elastic Cloud id: `NAME:BASE64` of `HOST[:PORT]$ELASTICSEARCH[$KIBANA]`, as
 * Elastic's clients read it. Read here and not by the client, so that `tls` and `check` know it.
 */

/** `https://ELASTICSEARCH.HOST[:PORT]`, or null if it is no such id. */
export function urlOfCloudId(id: string): string | null {
  const encoded = /^[^:]*:([A-Za-z0-9+/]+={0,2})$/.exec(id)?.[1]
  if (encoded === undefined) return null
  const [host = '', cluster = ''] = Buffer.from(encoded, 'base64').toString().split('$')
  const isHost = /^[A-Za-z0-9.-]+(?::\d{1,5})?$/.test(host) && /^[A-Za-z0-9-]+$/.test(cluster)
  return isHost ? `https://${cluster}.${host}` : null
}
