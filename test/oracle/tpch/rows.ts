import type { Dice } from './dice.ts'
import type { Row, TableName, Value } from './tables.ts'
import * as words from './words.ts'

/** What stands at the moment, for the rows that speak of it. */
export interface Surroundings {
  readonly dice: Dice
  /** A key of the table: most often of a row that stands, sometimes of one that has gone. */
  key(table: TableName): number
  /** A row that stands, if the table has any. */
  row(table: TableName): Row | undefined
}

type Maker = (around: Surroundings, key: Value, given?: Row) => Row

/** A new row of each table, under its key; `given` is the row of another table that it belongs to. */
export const makers: Readonly<Record<TableName, Maker>> = {
  region: ({ dice }, key) => ({
    r_regionkey: key,
    r_name: words.regions[Number(key)] ?? dice.pick(words.regions),
    r_comment: dice.pick(words.remarks),
  }),
  nation: (around, key) => ({
    n_nationkey: key,
    n_name: words.nations[Number(key)] ?? around.dice.pick(words.nations),
    n_regionkey: around.dice.chance(15) ? around.key('region') : Number(key) % words.regions.length,
    n_comment: around.dice.pick(words.remarks),
  }),
  supplier: (around, key) => {
    const { dice } = around
    const nation = dice.chance(8) ? around.key('nation') : Number(key) % words.busyNations
    return {
      s_suppkey: key,
      s_name: `Supplier#${key}`,
      s_address: `${dice.between(1, 99)} Dock`,
      s_nationkey: nation,
      s_phone: phone(dice, nation),
      s_acctbal: balance(dice),
      s_comment: dice.chance(12) ? null : dice.pick(words.remarks),
    }
  },
  part: ({ dice }, key) => ({
    p_partkey: key,
    p_name: dice.some(words.colours, 3).join(' '),
    p_mfgr: `Manufacturer#${dice.between(1, 5)}`,
    p_brand: dice.pick(words.brands),
    p_type: `${dice.pick(words.finishes)} ${dice.pick(words.treatments)} ${dice.pick(words.metals)}`,
    p_size: dice.chance(25) ? null : dice.pick(words.sizes),
    p_container: dice.chance(25) ? null : dice.pick(words.containers),
    p_retailprice: hundredths(dice.between(90_000, 200_000)),
    p_comment: dice.pick(words.remarks),
  }),
  partsupp: (around, key, part) => ({
    ps_id: key,
    ps_partkey: part?.p_partkey ?? around.key('part'),
    ps_suppkey: around.dice.chance(40) ? null : around.key('supplier'),
    ps_availqty: around.dice.between(1, 120),
    ps_supplycost: around.dice.chance(40) ? null : hundredths(around.dice.between(100, 99_999)),
    ps_comment: around.dice.pick(words.remarks),
  }),
  customer: (around, key) => {
    const { dice } = around
    const nation = dice.chance(8) ? around.key('nation') : dice.below(words.busyNations)
    return {
      c_custkey: key,
      c_name: `Customer#${key}`,
      c_address: `${dice.between(1, 99)} High Street`,
      c_nationkey: dice.chance(25) ? null : nation,
      c_phone: phone(dice, nation),
      c_acctbal: balance(dice),
      c_mktsegment: dice.pick(words.segments),
      c_comment: dice.pick(words.remarks),
    }
  },
  orders: (around, key) => {
    const { dice } = around
    const customer = around.key('customer')
    const date = day('1994-01-01', dice.below(3 * 365))
    return {
      o_orderkey: key,
      // Every third customer has hardly an order: a question asks for them.
      o_custkey: dice.chance(40) ? null : customer % 3 === 0 && !dice.chance(15) ? customer + 1 : customer,
      o_orderstatus: dice.chance(10) ? 'P' : date < today ? 'F' : 'O',
      o_totalprice: hundredths(dice.between(100_000, 50_000_000)),
      o_orderdate: date,
      o_orderpriority: dice.pick(words.priorities),
      o_clerk: `Clerk#${dice.between(1, 9)}`,
      o_shippriority: dice.below(2),
      o_comment: dice.chance(20) ? null : dice.pick(words.remarks),
    }
  },
  lineitem: (around, key, given) => {
    const { dice } = around
    const order = given ?? around.row('orders')
    // What is delivered is most often what its supplier is known to offer.
    const offer = dice.chance(12) ? undefined : around.row('partsupp')
    const shipped = day(String(order?.o_orderdate ?? today), dice.between(1, 121))
    const received = dice.chance(30) ? null : day(shipped, dice.between(1, 30))
    const quantity = dice.between(1, 50)
    return {
      l_id: key,
      l_orderkey: order && !dice.chance(30) ? (order.o_orderkey ?? null) : around.key('orders'),
      l_partkey: offer?.ps_partkey ?? around.key('part'),
      l_suppkey: dice.chance(50) ? null : (offer?.ps_suppkey ?? around.key('supplier')),
      l_linenumber: dice.between(1, 7),
      l_quantity: hundredths(quantity * 100),
      l_extendedprice: hundredths(quantity * dice.between(90_000, 200_000)),
      l_discount: dice.chance(40) ? null : hundredths(dice.between(0, 10)),
      l_tax: hundredths(dice.between(0, 8)),
      l_returnflag: received === null || received > today ? 'N' : dice.pick(['R', 'A']),
      l_linestatus: shipped > today ? 'O' : 'F',
      l_shipdate: shipped,
      l_commitdate: day(String(order?.o_orderdate ?? today), dice.between(30, 120)),
      l_receiptdate: received,
      l_shipinstruct: dice.pick(words.instructions),
      l_shipmode: dice.pick(words.shipModes),
      l_comment: dice.pick(words.remarks),
    }
  },
}

/** The day on which the wholesaler looks at its books. */
const today = '1995-07-01'

function phone(dice: Dice, nation: number): string {
  return `${10 + nation}-${dice.between(100, 999)}-${dice.between(1000, 9999)}`
}

function balance(dice: Dice): string {
  return hundredths(dice.between(-99_999, 999_999))
}

function hundredths(value: number): string {
  const digits = String(Math.abs(value)).padStart(3, '0')
  return `${value < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function day(from: string, days: number): string {
  return new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10)
}
