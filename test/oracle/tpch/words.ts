/** What the rows are made of. Each list is short, so that random rows meet, and a question finds some of them. */
export const regions = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'] as const

/** Region n % 5 each; most trade is done by the first of them. */
export const nations = [
  ...['MOROCCO', 'BRAZIL', 'INDIA', 'FRANCE', 'JORDAN', 'KENYA', 'CANADA', 'JAPAN', 'GERMANY', 'EGYPT'],
  ...['GHANA', 'MEXICO', 'KOREA', 'ITALY', 'OMAN', 'MALI', 'CHILE', 'NEPAL', 'NORWAY', 'QATAR'],
  ...['TOGO', 'CUBA', 'LAOS', 'POLAND', 'YEMEN'],
] as const
export const busyNations = 9

export const colours = ['green', 'forest', 'amber', 'slate', 'coral', 'ivory', 'plum', 'sand'] as const
export const finishes = ['PROMO', 'STANDARD', 'ECONOMY', 'MEDIUM'] as const
export const treatments = ['POLISHED', 'BRUSHED', 'PLATED'] as const
export const metals = ['BRASS', 'STEEL', 'COPPER'] as const
export const brands = ['Brand#11', 'Brand#12', 'Brand#23', 'Brand#34', 'Brand#45'] as const
/** The size that is asked for by itself is as frequent as all others together. */
export const sizes = [15, 15, 15, 15, 1, 3, 9, 14, 23, 45, 49] as const
export const containers = ['SM BOX', 'SM CASE', 'MED BAG', 'MED BOX', 'LG CASE', 'LG BOX'] as const

export const segments = ['BUILDING', 'MACHINERY', 'HOUSEHOLD'] as const
export const priorities = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-LOW', '5-NONE'] as const
export const shipModes = ['AIR', 'AIR REG', 'MAIL', 'SHIP', 'TRUCK', 'RAIL'] as const
export const instructions = ['DELIVER IN PERSON', 'COLLECT COD', 'NONE'] as const

/** Some hold what LIKE looks for, in its order and out of it, and what a string may hold besides. */
export const remarks = [
  'nothing to add',
  'special care, many requests',
  'requests that are special',
  'Customer sent Complaints twice',
  'Complaints of no Customer',
  "the clerk's own hand: déjà vu, 100% _",
  '',
] as const
