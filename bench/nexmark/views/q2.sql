-- Bids on some auctions.
CREATE MATERIALIZED VIEW q2 AS
SELECT auction, price
FROM nexmark.Bid
WHERE auction % 123 = 0
