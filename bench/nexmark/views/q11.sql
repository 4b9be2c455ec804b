-- Bids of each bidder in sessions that 10 s without a bid end.
CREATE MATERIALIZED VIEW q11 AS
WITH marked AS (
  SELECT
    bidder, "dateTime",
    CASE WHEN "dateTime" - lag("dateTime") OVER w < INTERVAL 10 SECOND THEN 0 ELSE 1 END AS opens
  FROM nexmark.Bid
  WINDOW w AS (PARTITION BY bidder ORDER BY "dateTime")
), numbered AS (
  SELECT bidder, "dateTime", sum(opens) OVER (PARTITION BY bidder ORDER BY "dateTime") AS session
  FROM marked
)
SELECT bidder, count(*) AS bids, min("dateTime") AS window_start, max("dateTime") + INTERVAL 10 SECOND AS window_end
FROM numbered
GROUP BY bidder, session
