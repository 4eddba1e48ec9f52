/** A client that is made with the first request, and anew after `renew`. */
export interface Closing {
  close(): Promise<unknown>
}

export class LazyClient<Client extends Closing> {
  readonly #make: () => Promise<Client>
  #client: Promise<Client> | null = null

  constructor(make: () => Promise<Client>) {
    this.#make = make
  }

  get(): Promise<Client> {
    if (this.#client) return this.#client
    const client = this.#make()
    this.#client = client
    // What failed for a file that is not there may go well the next time.
    client.catch(() => this.#forget(client))
    return client
  }

  /** Requests under way end as they would have. */
  renew(): void {
    void this.close()
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = null
    if (client) await client.then((made) => made.close()).catch(() => undefined)
  }

  #forget(client: Promise<Client>): void {
    if (this.#client === client) this.#client = null
  }
}
