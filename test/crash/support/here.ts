/** An engine in the test's own process: quick to start, and its log lines are at hand. */
import { pino } from 'pino'
import type { AppendResult } from '../../../connectors/log/log.ts'
import { createAppender, type NewEvent } from '../../../engine/run/append.ts'
import { type Engine, type EngineOptions, startEngine } from '../../../engine/serve/engine.ts'
import { openLocal } from '../../../engine/serve/local.ts'
import { openLog } from '../../../engine/serve/open-log.ts'
import type { Service } from '../../../engine/serve/service.ts'
import { caughtUp, rowsOf } from './engine-child.ts'
import type { TempProject } from './project.ts'

export interface Here {
  readonly engine: Engine
  readonly service: Service
  /** What it logged: levels and messages. */
  readonly said: readonly string[]
  stop(): Promise<void>
}

/** Starts the project's engine. Throws what `startEngine` throws. */
export async function startHere(project: TempProject, options: Omit<EngineOptions, 'logger'> = {}): Promise<Here> {
  const said: string[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void said.push(messageOf(line)) })
  const engine = await startEngine(await project.load(), { logger, ...options })
  return { engine, service: engine.service, said, stop: () => engine.stop() }
}

function messageOf(line: string): string {
  const { level, msg, error, why } = JSON.parse(line) as { level: number; msg: string; error?: string; why?: string }
  return `${pino.levels.labels[level]}: ${[msg, error, why].filter(Boolean).join(': ')}`
}

/** An engine for as long as it takes to bring the views up to date. */
export async function upToDate(project: TempProject): Promise<void> {
  const here = await startHere(project)
  try {
    await caughtUp(here.service)
  } finally {
    await here.stop()
  }
}

/** The files without an engine, for one use. */
export async function withFiles<T>(project: TempProject, use: (service: Service) => Promise<T>): Promise<T> {
  const service = await openLocal(await project.load())
  try {
    return await use(service)
  } finally {
    await service.close()
  }
}

/** Appends events to a declared stream or table, as any other process would. */
export async function append(project: TempProject, stream: string, events: readonly NewEvent[]): Promise<AppendResult> {
  const loaded = await project.load()
  const log = await openLog(loaded)
  try {
    return await createAppender(log, [...loaded.streams.values(), ...loaded.tables.values()]).append(stream, events)
  } finally {
    await log.close()
  }
}

/** Bytes that nobody checked. */
export async function appendForeign(project: TempProject, topic: string, texts: readonly string[], type = topic): Promise<void> {
  const log = await openLog(await project.load())
  try {
    await log.append([{ topic, partition: 0, count: texts.length, values: Buffer.from(texts.join('\x1e')), types: [type] }])
  } finally {
    await log.close()
  }
}

/** Rows of a view as text, sorted. */
export async function rows(service: Service, view: string): Promise<string[]> {
  return (await rowsOf(service, `SELECT * FROM ${view}`)).map((row) => row.join(' ')).sort()
}
