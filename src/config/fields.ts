/**
 * The kinds of value a component's schema is made of, beside TypeBox's own. Their `format` is
 * checked when a configuration is loaded; `writeOnly` marks a secret, which is masked wherever a
 * configuration is shown.
 */
import { Type } from './type.ts'

export interface FieldOptions {
  readonly description: string
  readonly default?: string
  readonly examples?: readonly string[]
}

/** A number of bytes, `16MiB`; read it with `sizeInBytes`. */
export const Size = (options: FieldOptions) => Type.String({ format: 'size', ...options })

/** A length of time, `250ms`; read it with `durationInMs`. */
export const Duration = (options: FieldOptions) => Type.String({ format: 'duration', ...options })

/** A password or key. */
export const Secret = (options: FieldOptions) =>
  Type.String({ format: 'secret', writeOnly: true, ...options })

/** An octal file mode, `"0640"`; read it with `modeAsNumber`. */
export const Mode = (options: FieldOptions) => Type.String({ format: 'mode', ...options })

/** A network, `10.0.0.0/8`, or one address, IPv4 or IPv6. */
export const Network = (options: FieldOptions) => Type.String({ format: 'network', ...options })

/** Where to listen: `tcp://127.0.0.1:24224`, `tls://…`, `udp://…`, `unix:///run/logs.sock`. */
export const Listen = (options: FieldOptions) => Type.String({ format: 'listen', ...options })

/** Where to connect to: `tcp://logs.example.org:24224`, `tls://…`, `unix:///run/logs.sock`. */
export const Server = (options: FieldOptions) => Type.String({ format: 'server', ...options })

/** On events, `level == "error"`; read it with `compileCondition`. */
export const Condition = (options: FieldOptions) => Type.String({ format: 'condition', ...options })

/** A regular expression; read it with `compileRegexp`. */
export const Pattern = (options: FieldOptions) => Type.String({ format: 'regexp', ...options })

/** Where a field is in a record, `labels["a.b"]`; read it with `parseFieldPath`. */
export const Field = (options: FieldOptions) => Type.String({ format: 'field', ...options })

/** A text with placeholders, `${tag}-${$.host}`; read it with `Template`. */
export const TemplateText = (options: FieldOptions) =>
  Type.String({ format: 'template', ...options })

/** The number of an octal mode that the schema has already checked. */
export function modeAsNumber(text: string): number {
  return Number.parseInt(text, 8)
}
