/** A component's type is the stem of its file, test and page, and an example shows it. */
import type { Finding, SourceFile } from './source.ts'

interface Kind {
  readonly name: string
  readonly sources: string
  readonly tests: string
  readonly pages: string
}

export const KINDS: readonly Kind[] = [
  kind('input', 'src/inputs', 'test/inputs', 'inputs'),
  kind('filter', 'src/pipeline/filters', 'test/pipeline/filters', 'filters'),
  kind('output', 'src/outputs', 'test/outputs', 'outputs'),
]

export function componentParts(files: readonly SourceFile[]): Finding[] {
  return KINDS.flatMap((of) => definitions(of, files).flatMap((found) => missing(of, found, files)))
}

interface Defined {
  readonly path: string
  readonly type: string
}

/** Read from the text, so that a component that does not load yet is still looked at. */
function definitions({ name, sources }: Kind, files: readonly SourceFile[]): Defined[] {
  const define = new RegExp(`define${capital(name)}\\(\\{\\s*type: '([^']+)'`)
  return files
    .filter(({ path }) => path.startsWith(`${sources}/`))
    .flatMap(({ path, text }) => {
      const type = define.exec(text)?.[1]
      return type === undefined ? [] : [{ path, type }]
    })
}

function missing(of: Kind, { path, type }: Defined, files: readonly SourceFile[]): Finding[] {
  const stem = type.replaceAll('_', '-')
  const paths = files.map((file) => file.path)
  const has = (start: string) => paths.some((other) => other.startsWith(start))
  const trouble: [boolean, string][] = [
    [
      path === `${of.sources}/${stem}.ts` || path === `${of.sources}/${stem}/index.ts`,
      `type ${type} belongs into ${of.sources}/${stem}.ts`,
    ],
    [
      [`${stem}.test.ts`, `${stem}/`, `${stem}-`].some((name) => has(`${of.tests}/${name}`)),
      `${type} has no ${of.tests}/${stem}.test.ts`,
    ],
    [has(`${of.pages}/${stem}.md`), `${type} has no ${of.pages}/${stem}.md; run npm run docs`],
    [isShown(type, files), `no file in config/ has an example with type: ${type}`],
    [isListed(of, stem, files), `${type} is not in ${of.sources}/index.ts`],
  ]
  return trouble
    .filter(([isFine]) => !isFine)
    .map(([, message]) => ({ rule: 'component-parts', path, line: 0, message }))
}

function isShown(type: string, files: readonly SourceFile[]): boolean {
  const use = new RegExp(`\\btype: ["']?${type}["']?(?![\\w-])`)
  return files.some(({ path, text }) => /^config\/.*\.yaml$/.test(path) && use.test(text))
}

function isListed({ sources }: Kind, stem: string, files: readonly SourceFile[]): boolean {
  const index = files.find(({ path }) => path === `${sources}/index.ts`)?.text ?? ''
  return index.includes(`'./${stem}.ts'`) || index.includes(`'./${stem}/index.ts'`)
}

function kind(name: string, sources: string, tests: string, pages: string): Kind {
  return { name, sources, tests, pages: `docs/reference/${pages}` }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
