/** Finds a Java that a server runs on; these need a whole JDK, for `jar` and `javac`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findTool } from '../tool.ts'

const INSTALLED = '/usr/lib/jvm'

export interface Jdk {
  readonly home: string
  readonly major: number
}

/** Both ends are majors that will do. */
export interface JavaRange {
  readonly least: number
  readonly most: number
}

/** The oldest JDK in range, of `JAVA_HOME`, `/usr/lib/jvm` and PATH. */
export async function findJdk({ least, most }: JavaRange): Promise<Jdk | undefined> {
  const found = (await homes()).map(jdkAt).filter((jdk) => jdk !== undefined)
  const fitting = found.filter(({ major }) => major >= least && major <= most)
  return fitting.sort((one, other) => one.major - other.major)[0]
}

async function homes(): Promise<string[]> {
  const named = process.env['JAVA_HOME']
  const compiler = findTool('javac')
  return [
    ...(named === undefined ? [] : [named]),
    ...(existsSync(INSTALLED) ? readdirSync(INSTALLED).map((name) => join(INSTALLED, name)) : []),
    ...(compiler === undefined ? [] : [dirname(dirname(await realpath(compiler)))]),
  ]
}

/** Undefined where there is no JDK; every one has a file that says its version. */
function jdkAt(home: string): Jdk | undefined {
  const release = join(home, 'release')
  if (!existsSync(release) || !existsSync(join(home, 'bin', 'javac'))) return undefined
  const version = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1]
  return version === undefined ? undefined : { home, major: Number(version) }
}
