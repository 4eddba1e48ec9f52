/** What is answered well by HTTP is in the file, however the process ends. */
import { configWith, fileOutput } from '../harness/configs.ts'
import { HttpSender } from '../harness/http-sender.ts'
import { killAgainAndAgain, untilNoted } from '../harness/kills.ts'
import type { Scenario } from '../harness/scenario.ts'

export const killHttp: Scenario = {
  name: 'kill-http',
  summary: 'kill -9 under load by HTTP, file output',
  config: (places) =>
    configWith(places, fileOutput('files'), 'files').replace('type: forward', 'type: http'),
  senders: ({ forward: port }) => [
    ...[0, 1, 2].map((index) => {
      const name = `http-small-${index}`
      return new HttpSender({ port, name, requestEvents: 5, paddingBytes: 200 })
    }),
    // More than one piece of a body, so that some is delivered while the rest still comes.
    new HttpSender({ port, name: 'http-large', requestEvents: 2000, paddingBytes: 300 }),
  ],
  disturb: killAgainAndAgain,
  repair: untilNoted,
}

export const killGelf: Scenario = {
  name: 'kill-gelf',
  summary: 'kill -9 under load by GELF over HTTP, file output',
  config: (places) =>
    configWith(places, fileOutput('files'), 'files').replace(
      'type: forward, listen: "tcp:',
      `type: gelf, listen: "udp://127.0.0.1:${places.forward}", http_listen: "tcp:`,
    ),
  senders: ({ forward: port }) => [
    ...[0, 1, 2].map((index) => {
      const name = `gelf-small-${index}`
      return new HttpSender({ port, name, requestEvents: 1, paddingBytes: 200, format: 'gelf' })
    }),
    new HttpSender({
      ...{ port, name: 'gelf-large', requestEvents: 1000, paddingBytes: 300, format: 'gelf' },
    }),
  ],
  disturb: killAgainAndAgain,
  repair: untilNoted,
}
