import { z } from 'zod'
import { table } from '../../../engine/model/declare/table.ts'
import { sql } from '../../../engine/model/schema/sql.ts'
import type { TableModel } from '../../../engine/model/types.ts'

const id = sql.integer
const money = () => sql.decimal(15, 2)

/**
 * The eight tables of a wholesaler, as keyed changelogs. Nothing keeps a child from outliving its parent, and the columns
 * that a join, a comparison or a sum hangs on may be NULL: both happen to whoever follows somebody else's changes.
 */
export const tables = {
  region: table('region', {
    key: 'r_regionkey',
    row: z.object({ r_regionkey: id(), r_name: z.string(), r_comment: z.string() }),
  }),
  nation: table('nation', {
    key: 'n_nationkey',
    row: z.object({ n_nationkey: id(), n_name: z.string(), n_regionkey: id(), n_comment: z.string() }),
  }),
  supplier: table('supplier', {
    key: 's_suppkey',
    row: z.object({
      s_suppkey: id(),
      s_name: z.string(),
      s_address: z.string(),
      s_nationkey: id(),
      s_phone: z.string(),
      s_acctbal: money(),
      s_comment: z.string().nullable(),
    }),
  }),
  part: table('part', {
    key: 'p_partkey',
    row: z.object({
      p_partkey: id(),
      p_name: z.string(),
      p_mfgr: z.string(),
      p_brand: z.string(),
      p_type: z.string(),
      p_size: id().nullable(),
      p_container: z.string().nullable(),
      p_retailprice: money(),
      p_comment: z.string(),
    }),
  }),
  // What the two many-to-many tables are known by needs a column of its own: an Evert table has one key field.
  partsupp: table('partsupp', {
    key: 'ps_id',
    row: z.object({
      ps_id: z.string(),
      ps_partkey: id(),
      ps_suppkey: id().nullable(),
      ps_availqty: id(),
      ps_supplycost: money().nullable(),
      ps_comment: z.string(),
    }),
  }),
  customer: table('customer', {
    key: 'c_custkey',
    row: z.object({
      c_custkey: id(),
      c_name: z.string(),
      c_address: z.string(),
      c_nationkey: id().nullable(),
      c_phone: z.string(),
      c_acctbal: money(),
      c_mktsegment: z.string(),
      c_comment: z.string(),
    }),
  }),
  orders: table('orders', {
    key: 'o_orderkey',
    partitions: 2,
    row: z.object({
      o_orderkey: z.int(),
      o_custkey: id().nullable(),
      o_orderstatus: z.string(),
      o_totalprice: money(),
      o_orderdate: sql.date(),
      o_orderpriority: z.string(),
      o_clerk: z.string(),
      o_shippriority: id(),
      o_comment: z.string().nullable(),
    }),
  }),
  lineitem: table('lineitem', {
    key: 'l_id',
    partitions: 3,
    row: z.object({
      l_id: z.string(),
      l_orderkey: z.int(),
      l_partkey: id(),
      l_suppkey: id().nullable(),
      l_linenumber: id(),
      l_quantity: money(),
      l_extendedprice: money(),
      l_discount: money().nullable(),
      l_tax: money(),
      l_returnflag: z.string(),
      l_linestatus: z.string(),
      l_shipdate: sql.date(),
      l_commitdate: sql.date(),
      /** NULL until it has arrived. */
      l_receiptdate: sql.date().nullable(),
      l_shipinstruct: z.string(),
      l_shipmode: z.string(),
      l_comment: z.string(),
    }),
  }),
} satisfies Record<string, TableModel>

export type TableName = keyof typeof tables
export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

export const tableNames = Object.keys(tables) as TableName[]
