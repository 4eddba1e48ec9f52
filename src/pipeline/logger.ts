/**
 * The collector's own log as components see it (src/log.ts makes it, with pino).
 *
 * The level is a contract: `error` = data is lost or an operator is needed, `warn` = recovered or
 * refused, `info` = lifecycle, `debug` = details, never per record. Messages are constant, what
 * varies goes into the fields; the same message is rate-limited. Never log a record's content
 * above `debug`.
 */
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
}
