/** A server's files on this machine, and how a node of it is started. */

/** A node that lives for seconds is ready with half the CPU when nothing is compiled twice. */
export const COMPILED_QUICKLY = '-XX:TieredStopAtLevel=1'

export type Product = 'elasticsearch' | 'opensearch'

/** Where one node keeps what it writes, and reads its logging configuration. */
export interface NodeFolders {
  readonly config: string
  readonly data: string
  readonly logs: string
  readonly temporary: string
}

/** A server's files, ready to run any number of nodes. */
export interface Installation {
  readonly product: Product
  readonly version: string
  /** Program and arguments, without the node's settings. */
  command(folders: NodeFolders): readonly string[]
  /** Node settings, `key=value` each, as the server's command line has them. */
  settingArguments(settings: readonly string[]): readonly string[]
}
