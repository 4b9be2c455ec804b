-- The average closing price of each category, as a whole number.
CREATE MATERIALIZED VIEW q4 AS
SELECT category, CAST(sum(final) // count(*) AS BIGINT) AS final
FROM (
  SELECT a.id, a.category, max(b.price) AS final
  FROM nexmark.Auction AS a
  JOIN nexmark.Bid AS b ON a.id = b.auction AND b."dateTime" BETWEEN a."dateTime" AND a.expires
  GROUP BY a.id, a.category
)
GROUP BY category
