/** `logboom send`: records to a forward address, through Fluentd's own logger for Node. */
import type { Command } from './command.ts'
import { messageOf } from '../config/cause.ts'
import { CommandError, EXIT_OK, printError } from './command.ts'
import { parseSendOptions, type SendOptions } from './send-options.ts'
import { inputRecords, type EventRecord } from './send-records.ts'

const help = `Usage: logboom send [OPTIONS] TAG [KEY=VALUE ...]
       COMMAND | logboom send [OPTIONS] TAG

Sends one record made of its arguments, or, without KEY=VALUE, one record per line of
standard input. Waits until the receiver has acknowledged every record.

Records:
  KEY=VALUE             a text field
  KEY:=JSON             any other: status:=200 ok:=true list:='[1,2]'
  --key NAME            field that a line of standard input becomes (default: log)
  --json                each line of standard input is a JSON object, sent as it is; integers
                        beyond 2^53 that a double does not hold are refused

Where to:
  -a, --address ADDRESS tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH
                        (default: tcp://127.0.0.1:24224)
  --mode MODE           message, forward, packed or compressed (default: packed)
  --no-ack              do not wait for acknowledgements
  --timeout DURATION    longest wait for the connection and for each acknowledgement
                        (default: 10s)

Security:
  --shared-key-file FILE  file with the shared key; or set LOGBOOM_SHARED_KEY
  --user NAME             user name; needs a shared key and a password
  --password-file FILE    file with the password; or set LOGBOOM_PASSWORD
  --hostname NAME         name given in the handshake, other than the receiver's
                          (default: this machine's)
  --ca FILE               certificates to trust, PEM (tls)
  --cert FILE, --cert-key FILE  client certificate and its key, PEM (tls)
  --insecure              accept any certificate (tls)
  -h, --help              this text

Exit codes: 0 all sent (and acknowledged), 1 not all, 2 wrong usage.

Examples:
  logboom send app.web message=hello status:=200
  journalctl -f -o json | logboom send --json journal
  logboom send -a tls://logs.example.com:24224 --ca ca.pem app message=hello
`

/** So many records are on their way at most; standard input waits meanwhile. */
const IN_FLIGHT_MAX = 1_000

export const send: Command = {
  help,
  async run(args) {
    const options = parseSendOptions(args)
    const { ForwardSender } = await import('./forward-sender.ts')
    const sender = await connect(options, ForwardSender.connect)
    const tally = { sent: 0 }
    try {
      await sendAll(inputRecords(options), sender, options.tag, tally)
    } catch (error) {
      const isInput = error instanceof CommandError
      const text = isInput ? '' : `cannot send to ${options.address}: `
      const before = `; ${tally.sent} records were sent before`
      throw new CommandError(text + messageOf(error) + before, { cause: error })
    } finally {
      await sender.close()
    }
    if (process.stderr.isTTY) printError(sentText(tally.sent, options))
    return EXIT_OK
  },
}

interface Sender {
  send(tag: string, records: readonly EventRecord[]): Promise<void>
  close(): Promise<void>
}

async function connect(options: SendOptions, open: (options: SendOptions) => Promise<Sender>) {
  try {
    return await open(options)
  } catch (error) {
    const cause = sameNameText(error, options) ?? messageOf(error)
    throw new CommandError(`cannot connect to ${options.address}: ${cause}`, { cause: error })
  }
}

/** Fluentd's rule, made against loops: the two ends of a handshake must not have one name. */
function sameNameText(error: unknown, { security }: SendOptions): string | undefined {
  const isSame = error instanceof Error && error.message.startsWith('Same hostname')
  if (!isSame || !security) return undefined
  const name = security.clientHostname
  return `the receiver is named "${name}" as well; expected another name of ours: --hostname NAME`
}

/** Groups what is at hand: a slow stdin sends line by line, a fast one in large frames. */
async function sendAll(
  groups: AsyncIterable<readonly EventRecord[]>,
  sender: Sender,
  tag: string,
  tally: { sent: number },
): Promise<void> {
  for await (const group of groups) {
    for (let start = 0; start < group.length; start += IN_FLIGHT_MAX) {
      const part = group.slice(start, start + IN_FLIGHT_MAX)
      await sender.send(tag, part)
      tally.sent += part.length
    }
  }
}

function sentText(sent: number, { ack }: SendOptions): string {
  return `${sent} ${sent === 1 ? 'record' : 'records'} sent${ack ? ' and acknowledged' : ''}`
}
