/** A server's files on this machine, and how a JVM for its nodes is started. */

export type Product = 'elasticsearch' | 'opensearch'

/** Node settings, as in `elasticsearch.yml`: `{ 'http.max_content_length': '1kb' }`. */
export type NodeSettings = Readonly<Record<string, string>>

/** Where one JVM reads its configuration from, and keeps what is of no node. */
export interface JvmFolders {
  readonly root: string
  readonly config: string
  readonly logs: string
  readonly temporary: string
}

/** A server's files, ready to run any number of nodes. */
export interface Installation {
  readonly product: Product
  readonly version: string
  /** Of each node. */
  readonly settings: NodeSettings
  /** Program and arguments; what it reads is in node-loop.java. */
  command(folders: JvmFolders): readonly string[]
}
