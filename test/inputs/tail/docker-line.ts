/** A line as Docker's json-file driver writes it. */
export function dockerLine(log: string, stream = 'stdout', second = 0, more = ''): string {
  const start = JSON.stringify({ log, stream }).slice(0, -1)
  return `${start}${more},"time":"${timeAt(second)}"}\n`
}

export function timeAt(second: number): string {
  return `2026-11-21T08:50:${String(second).padStart(2, '0')}.5Z`
}
