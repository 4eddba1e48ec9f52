/** Rules about one file at a time: sizes, names, and what may not be written. */
import ts from 'typescript'
import { isTypeScript, lineOf, nodes, parse, type Finding, type SourceFile } from './source.ts'

export const FILE_LINES_MAX = 500
export const FUNCTION_LINES_MAX = 70
export const LINE_COLUMNS_MAX = 100

export type Rule = (file: SourceFile) => Finding[]

/** Only these may ask the process for the time or for a timer; others get both from a context. */
const CLOCK_FILES = ['src/pipeline/clock.ts']

/** Where a test may skip itself: only for a missing tool, and never in CI. */
const SKIP_FILES = ['test/support/tool.ts']

const TEXT_BANNED: readonly { rule: string; pattern: RegExp; message: string }[] = [
  {
    rule: 'unfinished',
    pattern: /\b(TO[D]O|FIXM[E]|XX[X]|HAC[K])\b/,
    message: 'finish it or open an issue and name it',
  },
  {
    rule: 'machine-path',
    pattern: /(?<![\w.$}/-])\/(work|tmp|root|home|Users)\/[\w.]/,
    message: 'a path of one machine; use a temporary or relative folder',
  },
  {
    rule: 'registry-host',
    pattern: /registry\.(npmjs|yarnpkg)|proxy\.golang\.org|\bpypi\.org|rubygems\.org|crates\.io/,
    message: 'a package registry by name; the client knows where to ask',
  },
]

export function fileLines(file: SourceFile): Finding[] {
  if (!isTypeScript(file)) return []
  const count = file.text.split('\n').length - 1
  if (count <= FILE_LINES_MAX) return []
  const message = `${count} lines; at most ${FILE_LINES_MAX}`
  return [{ rule: 'file-lines', path: file.path, line: 0, message }]
}

export function functionLines(file: SourceFile): Finding[] {
  if (!isTypeScript(file)) return []
  const tree = parse(file)
  const findings: Finding[] = []
  for (const node of nodes(tree)) {
    if (!isFunction(node) || isSuite(node)) continue
    const first = lineOf(tree, node.getStart())
    const count = lineOf(tree, node.getEnd()) - first + 1
    if (count <= FUNCTION_LINES_MAX) continue
    const message = `function of ${count} lines; at most ${FUNCTION_LINES_MAX}`
    findings.push({ rule: 'function-lines', path: file.path, line: first, message })
  }
  return findings
}

/** A line that is one long word, such as a link, cannot be broken and is left alone. */
export function lineColumns(file: SourceFile): Finding[] {
  if (!isTypeScript(file)) return []
  return file.text.split('\n').flatMap((text, index) => {
    const columns = [...text].length
    const canBreak = text
      .trim()
      .replace(/^(\*|\/\/) /, '')
      .includes(' ')
    if (columns <= LINE_COLUMNS_MAX || !canBreak) return []
    const message = `${columns} columns; at most ${LINE_COLUMNS_MAX}`
    return [{ rule: 'line-columns', path: file.path, line: index + 1, message }]
  })
}

export function fileName(file: SourceFile): Finding[] {
  const name = file.path.split('/').at(-1)!
  const isFree = !file.path.includes('/') || name === 'README.md' || file.path.startsWith('.ci/')
  if (isFree || /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name)) return []
  const message = `${name} is not kebab-case`
  return [{ rule: 'file-name', path: file.path, line: 0, message }]
}

export function bannedText(file: SourceFile): Finding[] {
  return file.text.split('\n').flatMap((text, index) =>
    TEXT_BANNED.filter(({ pattern }) => pattern.test(text)).map(({ rule, pattern, message }) => ({
      rule,
      path: file.path,
      line: index + 1,
      message: `${pattern.exec(text)?.[0]}: ${message}`,
    })),
  )
}

export function bannedCode(file: SourceFile): Finding[] {
  if (!isTypeScript(file)) return []
  const tree = parse(file)
  const findings: Finding[] = []
  for (const node of nodes(tree)) {
    const found = bannedNode(file.path, node)
    if (!found) continue
    const line = lineOf(tree, node.getStart())
    findings.push({ rule: found.rule, path: file.path, line, message: found.message })
  }
  return findings
}

export const fileRules: readonly Rule[] = [
  fileLines,
  functionLines,
  lineColumns,
  fileName,
  bannedText,
  bannedCode,
]

interface Banned {
  readonly rule: string
  readonly message: string
}

function bannedNode(path: string, node: ts.Node): Banned | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) {
    return { rule: 'any', message: 'any switches the checker off; use unknown' }
  }
  if (ts.isExportAssignment(node) || hasDefaultModifier(node)) {
    return { rule: 'default-export', message: 'use a named export' }
  }
  if (path.startsWith('src/')) return bannedInSource(path, node)
  if (path.startsWith('test/')) return bannedInTest(path, node)
  return undefined
}

function bannedInSource(path: string, node: ts.Node): Banned | undefined {
  const text = calledName(node)
  if (text?.startsWith('console.')) {
    return { rule: 'console', message: 'use the logger, or write to the stream you were given' }
  }
  if (text === 'Math.random') return { rule: 'random', message: 'use node:crypto' }
  const isClock =
    /^(Date\.now|performance\.now|(global(This)?\.)?set(Timeout|Interval))$/.test(text ?? '') ||
    (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
  if (isClock && !CLOCK_FILES.includes(path)) {
    return { rule: 'clock', message: 'use the clock and timers of the context' }
  }
  return undefined
}

function bannedInTest(path: string, node: ts.Node): Banned | undefined {
  const text = calledName(node) ?? ''
  if (text.startsWith('console.')) return { rule: 'console', message: 'assert instead of printing' }
  const isRunner = /^(test|it|describe|suite|t|context)\./.test(text)
  if (isRunner && /\.(only|skip|todo)$/.test(text) && !SKIP_FILES.includes(path)) {
    return { rule: 'skipped-test', message: `${text} leaves tests out; use requireTool` }
  }
  return undefined
}

/** `a.b` of a call `a.b(…)`, `f` of `f(…)`; undefined for other nodes. */
function calledName(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined
  return node.expression.getText()
}

function hasDefaultModifier(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node)) return false
  return (ts.getModifiers(node) ?? []).some((of) => of.kind === ts.SyntaxKind.DefaultKeyword)
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

/** The callback of `describe(…)` is a chapter, not a function. */
function isSuite(node: ts.Node): boolean {
  const call = node.parent
  return ts.isCallExpression(call) && /^(describe|suite)$/.test(call.expression.getText())
}
