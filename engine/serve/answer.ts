import { applyProject } from './apply.ts'
import type { Core } from './core.ts'
import { closeCore } from './core.ts'
import { listDeadLetters } from './dead-letters.ts'
import { explainView } from './explain.ts'
import { discardVersions, promoteViews, rollbackViews } from './move-versions.ts'
import { planProject } from './plan.ts'
import { answerQuery } from './query.ts'
import { replayView } from './replay.ts'
import type { Service } from './service.ts'
import { statusOf } from './status.ts'
import { verifyViews } from './verify.ts'
import { listVersions } from './versions.ts'
import { listViews } from './views.ts'

/** What can be asked of a project, answered by the process that holds its files. One file a question. */
export function answer(core: Core): Service {
  return {
    status: () => statusOf(core),
    views: () => listViews(core),
    explain: (view) => explainView(core, view),
    query: (sql, options, ask) => answerQuery(core, sql, options ?? {}, ask ?? {}),
    plan: (ask) => planProject(core, ask ?? {}),
    apply: (options, ask) => applyProject(core, options ?? {}, ask ?? {}),
    replay: (view, ask) => replayView(core, view, ask ?? {}),
    versions: (view) => listVersions(core, view),
    promote: (views) => promoteViews(core, views),
    rollback: (views) => rollbackViews(core, views),
    discard: (versions) => discardVersions(core, versions),
    verify: (views, ask) => verifyViews(core, views, ask ?? {}),
    deadLetters: (options) => listDeadLetters(core, options ?? {}),
    close: () => closeCore(core),
  }
}
