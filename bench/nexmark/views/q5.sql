-- Hot items: the auctions with the most bids in each 10 s that begin every 2 s.
CREATE MATERIALIZED VIEW q5 AS
WITH counts AS (
  SELECT auction, starts, count(*) AS num
  FROM (
    SELECT auction, time_bucket(INTERVAL 2 SECOND, "dateTime") - to_seconds(2 * unnest(range(0, 5))) AS starts
    FROM nexmark.Bid
  )
  GROUP BY auction, starts
)
SELECT c.auction, c.num
FROM counts AS c
JOIN (SELECT starts, max(num) AS top FROM counts GROUP BY starts) AS m ON c.starts = m.starts AND c.num >= m.top
