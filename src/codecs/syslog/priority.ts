/** PRI: facility and severity, their names and numbers (RFC 5424, section 6.2.1). */

export const FACILITIES: readonly string[] = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ')

export const SEVERITIES: readonly string[] = 'emerg alert crit err warning notice info debug'.split(
  ' ',
)

export const PRIORITIES = FACILITIES.length * SEVERITIES.length
/** What a message without a PRI has (RFC 3164, section 4.3.3): user.notice. */
export const PRIORITY_DEFAULT = 13

/** `priority` is below `PRIORITIES`. */
export function facilityOf(priority: number): string {
  return FACILITIES[priority >> 3]!
}

export function severityOf(priority: number): string {
  return SEVERITIES[priority & 7]!
}
