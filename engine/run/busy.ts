import type { Store } from '../../connectors/store/store.ts'

/** The store, telling when its first statement with events is under way, or the first at all. */
export function busy(store: Store, onBusy: (() => void) | undefined, atOnce: boolean): Pick<Store, 'transaction' | 'script'> {
  let tell = onBusy
  const isUnderWay = () => {
    tell?.()
    tell = undefined
  }
  return {
    script: (statements) => {
      const running = store.script(statements)
      isUnderWay()
      return running
    },
    transaction: (work) =>
      store.transaction((tx) =>
        work({
          all: tx.all,
          run: (sql, parameters) => {
            const tells = atOnce || (parameters !== undefined && parameters.length > 0)
            return tx.run(sql, parameters, tells ? isUnderWay : undefined)
          },
        }),
      ),
  }
}
