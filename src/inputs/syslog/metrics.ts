/** What the `syslog` input counts beside its sockets. */
import type { OddMessages } from '../../codecs/syslog/decoder.ts'
import type { Metrics } from '../../pipeline/metrics.ts'

export function oddCounter(metrics: Metrics): (odd: OddMessages) => void {
  const failed = metrics.counter(
    'parse_failed_total',
    'Messages that could not be read, or not all of them; they are kept as they are.',
  )
  const truncated = metrics.counter(
    'truncated_total',
    'Messages that were cut, as they were too long or their connection ended.',
  )
  const empty = metrics.counter('empty_datagrams_total', 'Datagrams without content, left out.')
  return (odd) => {
    failed.add(odd.failed)
    truncated.add(odd.truncated)
    empty.add(odd.empty)
  }
}
