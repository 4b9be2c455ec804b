/** Every queue and buffer has a limit, named and explained here. Bytes and milliseconds are in the name. */
export const limits = {
  /** One event's value. Larger facts belong in a file that the event names. Also keeps one batch inside DuckDB's string limit. */
  eventBytesMax: 16 << 20,
  /** Nesting of one JSON value: deeper is a dead letter. DuckDB's own parser gives up later, and for the whole statement. */
  jsonDepthMax: 64,
  /** Appends that wait to be written together. A caller beyond it waits, which is the back pressure. */
  appendQueueBytesMax: 64 << 20,
  /** The embedded log takes no append that would leave less room than this on its disk. */
  logRoomBytesMin: 1 << 20,
  /** Events in one entry of the embedded log, and its bytes: one CRC, one read. */
  entryEventsMax: 16_384,
  entryBytesMax: 4 << 20,
  /** Entries of the embedded log, of which a reader has had a part, that are kept in memory: at most so many times `entryBytesMax`. */
  cutEntriesMax: 8,
  /** One chunk handed on by a log's reader. */
  chunkEventsMax: 65_536,
  chunkBytesMax: 8 << 20,
  /** One breath of the loop: catch-up takes up to this, an idle engine takes what is there. */
  batchEventsMax: 131_072,
  batchBytesMax: 32 << 20,
  /**
   * With more events than this before it, a new view that is computed from kept rows waits until they are kept, and is then
   * computed in one pass over all of them instead of batch by batch.
   */
  firstBuildEventsMin: 100_000,
  /** Batches of at most this many events go to DuckDB as constants in one string of statements (design §4). */
  literalEventsMax: 128,
  literalBytesMax: 256 << 10,
  /** The write-ahead log is moved into the file when no event came for `checkpointQuietMs` and it holds this much: less is no work for a start. */
  walBytesQuietMin: 1 << 20,
  checkpointQuietMs: 100,
  /** Share of the time in which a quiet engine checkpoints: of a hundred events that come at any moment, one meets a checkpoint. */
  checkpointShareMax: 0.01,
  /** A checkpoint is not made while somebody reads what was there before the last commits; it is tried again after this. */
  checkpointRetryMs: 1_000,
  /** Beyond this the store checkpoints between two batches although events wait: a start would have this much to do again (5 ms a MB of rows that came, 100 ms where they were updated all over a table). */
  walBytesMax: 256 << 20,
  /** Beyond this a commit checkpoints by itself. Only where something kept the store from it before: one huge transaction, or a reader. */
  walBytesInCommitMax: 1 << 30,
  /** Batches whose times and rows are kept in memory, per view and part, for `evert explain --analyze`. */
  measuredBatchesMax: 16,
  /**
   * A batch of more events is not decoded ahead where that takes a table of its own: decoding it on all cores into the statement
   * that reads it is quicker (54,000 events: by 10 %).
   */
  stagedEventsMax: 20_000,
  /** Of batches that were decoded ahead and go as one string, one in so many goes statement by statement and is measured so. */
  stepwiseEvery: 16,
  /** Rows of an input beyond which a view that is computed anew at each batch is warned about: some milliseconds a batch. */
  fullRowsMax: 100_000,
  /**
   * Rows of all inputs, and of the view, up to which a view of several parts that comes to be is computed anew in each batch instead:
   * it measured about two thirds of the CPU. Beyond twice as many it is kept in parts from then on; there it measured as much still.
   */
  recomputeRowsMax: 30_000,
  /** A view of fewer parts is not dearer than one SELECT over all that it reads: each part is about five statements. */
  recomputePartsMin: 3,
  /** The SELECT of such a view may take this long; when it takes longer twice running, few rows make many pairs, and it is kept in parts. */
  recomputeMsMax: 50,
  /** How often a running engine looks whether such views have outgrown their plan: one SELECT of each, beside the loop. */
  replanCheckMs: 5_000,
  /** How long `evert plan` builds over the first events of the log, to say how long all of them will take. */
  sampleMsMax: 1_500,
  /** States of folds and processors kept in memory, per fold. */
  foldCacheKeysMax: 100_000,
  /** Rows of a query's answer when nobody asked for more. */
  queryRowsDefault: 10_000_000,
  queryTimeoutMsDefault: 300_000,
  /** Log bytes that `query` and `verify` decode into a scratch database for a stream without history. */
  scratchBytesMax: 8 * 2 ** 30,
  /** Another process's append is seen at the latest after this, should the file system not tell (it usually does, at once). */
  waitPollMsMax: 15,
  /** SIGTERM: how long a running batch may take to end. */
  stopMsMax: 5_000,
  /** Group keys of an entity's version index, key bytes in the log. LMDB's own limit is 1,978. */
  keyBytesMax: 1_024,
} as const
