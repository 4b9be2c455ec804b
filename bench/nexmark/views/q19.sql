-- The ten highest bids of each auction, with their places; of equal ones the first in the log is before.
CREATE MATERIALIZED VIEW q19 AS
SELECT auction, bidder, price, channel, url, "dateTime", extra, place
FROM (
  SELECT
    auction, bidder, price, channel, url, "dateTime", extra,
    row_number() OVER (PARTITION BY auction ORDER BY price DESC, _partition, _offset) AS place
  FROM nexmark.Bid
)
WHERE place <= 10
