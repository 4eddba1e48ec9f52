/** The files the tidy rules look at, and what a rule finds in them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string
  readonly text: string
}

export interface Finding {
  readonly rule: string
  readonly path: string
  /** Counted from 1; 0 when the finding is about the whole file. */
  readonly line: number
  readonly message: string
}

/** Files whose text the rules read; fixtures and generated files are not ours to shape. */
const READ = [
  '{src,test,scripts,bench,chaos}/**/*.ts',
  '{docs,config}/**/*.{md,yaml,yml}',
  '*.{md,js,json}',
  '.ci/*',
]
const LEFT_OUT = ['package-lock.json']

export function readSources(root: string): SourceFile[] {
  const exclude = (path: string) => /(^|\/)(node_modules|dist|fixtures|golden)$/.test(path)
  return globSync(READ, { cwd: root, exclude })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !LEFT_OUT.includes(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export function isTypeScript(file: SourceFile): boolean {
  return file.path.endsWith('.ts')
}

const parsed = new WeakMap<SourceFile, ts.SourceFile>()

export function parse(file: SourceFile): ts.SourceFile {
  const known = parsed.get(file)
  if (known) return known
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
  parsed.set(file, tree)
  return tree
}

/** Every node of the file, parents first. */
export function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  for (const child of children) yield* nodes(child)
}

export function lineOf(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1
}
