/** The metrics a source file asks for, read from its calls of `counter` and `gauge`. */
import ts from 'typescript'
import { isTypeScript, nodes, parse, type SourceFile } from '../tidy/source.ts'

export interface DescribedMetric {
  readonly path: string
  readonly kind: 'counter' | 'gauge'
  /** Without the prefix the collector puts before it. */
  readonly name: string
  readonly help: string
  /** Besides those every component's metrics have. */
  readonly labels: readonly string[]
}

/** In the order of the files and of the calls in them. */
export function metricsIn(files: readonly SourceFile[]): DescribedMetric[] {
  return files.filter(isTypeScript).flatMap((file) =>
    [...nodes(parse(file))].flatMap((node) => {
      const metric = metricOf(file.path, node)
      return metric ? [metric] : []
    }),
  )
}

function metricOf(path: string, node: ts.Node): DescribedMetric | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression))
    return undefined
  const kind = node.expression.name.text
  const [name, help, labels] = node.arguments
  if (kind !== 'counter' && kind !== 'gauge') return undefined
  if (!name || !help || !ts.isStringLiteralLike(name)) return undefined
  const helpText = literalText(help)
  if (helpText === undefined) return undefined
  return { path, kind, name: name.text, help: helpText, labels: labelNames(labels) }
}

/** A text that may be put together with `+`. */
function literalText(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isBinaryExpression(node)) return undefined
  const [left, right] = [literalText(node.left), literalText(node.right)]
  return left === undefined || right === undefined ? undefined : left + right
}

function labelNames(node: ts.Expression | undefined): string[] {
  if (!node || !ts.isObjectLiteralExpression(node)) return []
  return node.properties.flatMap((property) => (property.name ? [property.name.getText()] : []))
}
