-- A conversion, a filter, the time of day and a count of one letter.
CREATE MATERIALIZED VIEW q14 AS
SELECT
  auction, bidder, 0.908 * price AS price,
  CASE
    WHEN hour("dateTime") BETWEEN 8 AND 18 THEN 'dayTime'
    WHEN hour("dateTime") <= 6 OR hour("dateTime") >= 20 THEN 'nightTime'
    ELSE 'otherTime'
  END AS bid_time_type,
  "dateTime", extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
FROM nexmark.Bid
WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000
