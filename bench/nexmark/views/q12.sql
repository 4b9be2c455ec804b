-- Bids of each bidder in 10 s of event time: the machine's clock would not repeat itself.
CREATE MATERIALIZED VIEW q12 AS
SELECT
  bidder,
  count(*) AS bids,
  time_bucket(INTERVAL 10 SECOND, "dateTime") AS window_start,
  time_bucket(INTERVAL 10 SECOND, "dateTime") + INTERVAL 10 SECOND AS window_end
FROM nexmark.Bid
GROUP BY bidder, time_bucket(INTERVAL 10 SECOND, "dateTime")
