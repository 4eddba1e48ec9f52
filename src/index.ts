/** What programs that import `logboom` get: the contract a component is written against. */
export type { Batch, Outcome } from './pipeline/batch.ts'
export type { Cancel, Clock, Timers } from './pipeline/clock.ts'
export {
  defineFilter,
  defineInput,
  defineOutput,
  type ComponentContext,
  type Fault,
  type Filter,
  type FilterContext,
  type FilterDefinition,
  type Filtered,
  type Input,
  type InputContext,
  type InputDefinition,
  type Output,
  type OutputContext,
  type OutputDefinition,
} from './pipeline/component.ts'
export type {
  DatagramLease,
  DatagramUser,
  Lease,
  ListeningSockets,
  StreamUser,
} from './pipeline/listening.ts'
export type { LogFields, Logger } from './pipeline/logger.ts'
export type { MemoryAccount } from './pipeline/memory-budget.ts'
export type { Counter, Gauge, Labels, Metrics } from './pipeline/metrics.ts'
