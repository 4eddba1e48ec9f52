/** Rules about who imports whom: the direction between the parts, package owners, cycles. */
import { posix } from 'node:path'
import ts from 'typescript'
import { isTypeScript, lineOf, nodes, parse, type Finding, type SourceFile } from './source.ts'

interface Direction {
  /** Files the row is about; the first row that fits a file counts. */
  readonly from: RegExp
  /** Beginnings of the paths they may import; `$1` and `$2` are groups of `from`. */
  readonly may: readonly string[]
  readonly mayNot?: readonly string[]
  /** Packages besides `node:` ones; left out, all that `PACKAGES` lets the file have. */
  readonly packages?: readonly string[]
}

/** What a component's schema is made of; the rest of config/ is for the collector. */
const FIELDS = ['units', 'fields', 'type', 'listen-address', 'path-overlap'].map(
  (name) => `src/config/${name}.ts`,
)
const PIPELINE = ['src/pipeline/', 'src/codecs/']
const ALL = ['src/']

export const DIRECTIONS: readonly Direction[] = [
  { from: /^src\/codecs\//, may: ['src/codecs/'], packages: [] },
  {
    from: /^src\/pipeline\/filters\/index\.ts$/,
    may: ['src/pipeline/', 'src/pipeline/filters/'],
  },
  {
    from: /^src\/pipeline\/(filters)\/([^/.]+)/,
    may: [...PIPELINE, ...FIELDS, 'src/pipeline/$1/$2', 'src/pipeline/$1/support/'],
    mayNot: ['src/pipeline/filters/'],
  },
  { from: /^src\/pipeline\/formats\//, may: [...PIPELINE, ...FIELDS] },
  { from: /^src\/pipeline\//, may: PIPELINE, mayNot: ['src/pipeline/filters/'] },
  { from: /^src\/(inputs|outputs)\/index\.ts$/, may: ['src/$1/', ...PIPELINE] },
  {
    from: /^src\/(inputs|outputs)\/([^/.]+)/,
    may: [...PIPELINE, ...FIELDS, 'src/$1/$2', 'src/$1/support/'],
    mayNot: ['src/pipeline/filters/'],
  },
  { from: /^src\/config\//, may: ['src/config/', ...PIPELINE], mayNot: ['src/pipeline/filters/'] },
  {
    from: /^src\/http\//,
    may: ['src/http/', 'src/config/listen-address.ts', ...PIPELINE],
    mayNot: ['src/pipeline/filters/'],
  },
  { from: /^src\/search\//, may: ['src/search/', 'src/codecs/'], packages: [] },
  { from: /^src\/collector\//, may: ALL, mayNot: ['src/cli/', 'src/trial/'] },
  { from: /^src\//, may: ALL },
  { from: /^(scripts|bench)\//, may: ['src/', 'scripts/', 'bench/', 'test/'] },
  { from: /^chaos\//, may: ['src/', 'bench/', 'test/', 'chaos/'] },
  { from: /^test\//, may: ['src/', 'test/', 'scripts/', 'bench/', 'chaos/', 'eslint.config.js'] },
]

/**
 * Where a package may be loaded at run time: the beginning of a path. One owner keeps a package
 * replaceable and, for heavy ones, out of the way until it is needed. Types cost nothing and may
 * be imported anywhere.
 */
export const PACKAGES: Readonly<Record<string, string | readonly string[]>> = {
  '@elastic/elasticsearch': 'src/outputs/elasticsearch/',
  '@opensearch-project/opensearch': 'src/outputs/opensearch/',
  '@opensearch-project/opensearch/aws': 'src/outputs/opensearch/',
  ajv: 'test/',
  // The inputs' listener is no part of the collector's own server, and loaded only where asked for.
  fastify: ['src/http/', 'src/inputs/support/http-listener'],
  pino: 'src/log',
  'pino-pretty': 'src/log',
  'prom-client': 'src/http/',
  typebox: 'test/ (its builders are in src/config/type.ts)',
  yaml: 'src/config/',
}

interface Import {
  readonly from: string
  /** A path from the root, or a package's name as written. */
  readonly target: string
  readonly line: number
  readonly typeOnly: boolean
  readonly isFile: boolean
}

export function importDirection(file: SourceFile): Finding[] {
  return importsOf(file).flatMap((found) => {
    const message = found.isFile ? fileTrouble(found) : packageTrouble(found)
    const { line } = found
    return message === undefined
      ? []
      : [{ rule: 'import-direction', path: file.path, line, message }]
  })
}

/** One finding per cycle, at the file that comes first in the alphabet. */
export function importCycles(files: readonly SourceFile[]): Finding[] {
  const graph = new Map<string, string[]>()
  for (const file of files) {
    const targets = importsOf(file).filter((found) => found.isFile)
    graph.set(file.path, [...new Set(targets.map((found) => found.target))])
  }
  return stronglyConnected(graph)
    .filter((group) => group.length > 1 || graph.get(group[0]!)?.includes(group[0]!))
    .map((group) => {
      const message = `imports go round: ${group.sort().join(', ')}`
      return { rule: 'import-cycle', path: group[0]!, line: 0, message }
    })
}

function fileTrouble({ from, target }: Import): string | undefined {
  const row = DIRECTIONS.find((direction) => direction.from.test(from))
  if (!row) return undefined
  const groups = row.from.exec(from) ?? []
  const fill = (text: string) => text.replace(/\$(\d)/g, (_all, index) => groups[Number(index)]!)
  const longest = (list: readonly string[] = []) =>
    Math.max(
      -1,
      ...list
        .map(fill)
        .filter((start) => fits(target, start))
        .map((of) => of.length),
    )
  // The most exact row of the two lists wins, so `src/a/` may be open and `src/a/b/` closed.
  if (longest(row.may) > longest(row.mayNot)) return undefined
  return `may not import ${target}; it may import ${row.may.map(fill).join(', ')}`
}

/** `src/inputs/forward` stands for `src/inputs/forward.ts` and the folder of that name. */
function fits(target: string, start: string): boolean {
  if (start.endsWith('/')) return target.startsWith(start)
  return target === start || target.startsWith(`${start}/`) || target === `${start}.ts`
}

function packageTrouble({ from, target, typeOnly }: Import): string | undefined {
  if (target.startsWith('node:')) return undefined
  const allowed = DIRECTIONS.find((direction) => direction.from.test(from))?.packages
  if (allowed && !allowed.includes(target)) return `may not import a package, here ${target}`
  const owners = [PACKAGES[target] ?? []].flat()
  const isOwner = owners.some((owner) => from.startsWith(owner))
  if (owners.length === 0 || typeOnly || !from.startsWith('src/') || isOwner) return undefined
  return `may not load ${target}; that is for ${owners.join(' and ')}`
}

function importsOf(file: SourceFile): Import[] {
  if (!isTypeScript(file)) return []
  const tree = parse(file)
  const imports: Import[] = []
  for (const node of nodes(tree)) {
    const specifier = specifierOf(node)
    if (specifier === undefined) continue
    const isFile = specifier.startsWith('.')
    const target = isFile ? posix.join(posix.dirname(file.path), specifier) : specifier
    const line = lineOf(tree, node.getStart())
    imports.push({ from: file.path, target, line, typeOnly: isTypeOnly(node), isFile })
  }
  return imports
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const { moduleSpecifier } = node
    return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) {
    return undefined
  }
  const [argument] = node.arguments
  return argument && ts.isStringLiteral(argument) ? argument.text : undefined
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  if (!ts.isImportDeclaration(node)) return false
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

/** Tarjan's algorithm: the groups of files that reach each other. */
function stronglyConnected(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const groups: string[][] = []
  const visit = (path: string): void => {
    index.set(path, index.size)
    low.set(path, index.get(path)!)
    stack.push(path)
    for (const next of graph.get(path) ?? []) {
      if (!graph.has(next)) continue
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(path, Math.min(low.get(path)!, low.get(next)!))
    }
    if (low.get(path) === index.get(path)) groups.push(stack.splice(stack.indexOf(path)))
  }
  for (const path of graph.keys()) if (!index.has(path)) visit(path)
  return groups
}
