-- The last bid of each bidder on each auction; of those at one moment the last in the log.
CREATE MATERIALIZED VIEW q18 AS
SELECT auction, bidder, price, channel, url, "dateTime", extra
FROM (
  SELECT
    auction, bidder, price, channel, url, "dateTime", extra,
    row_number() OVER (PARTITION BY bidder, auction ORDER BY "dateTime" DESC, _partition DESC, _offset DESC) AS place
  FROM nexmark.Bid
)
WHERE place <= 1
