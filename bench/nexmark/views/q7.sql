-- The highest bids of each 10 s; the window has both its ends.
CREATE MATERIALIZED VIEW q7 AS
SELECT b.auction, b.price, b.bidder, b."dateTime", b.extra
FROM nexmark.Bid AS b
JOIN (
  SELECT max(price) AS top, time_bucket(INTERVAL 10 SECOND, "dateTime") + INTERVAL 10 SECOND AS ends
  FROM nexmark.Bid
  GROUP BY time_bucket(INTERVAL 10 SECOND, "dateTime")
) AS m ON b.price = m.top
WHERE b."dateTime" BETWEEN m.ends - INTERVAL 10 SECOND AND m.ends
