-- People who came and opened an auction in the same 10 s.
CREATE MATERIALIZED VIEW q8 AS
SELECT p.id, p.name, p.starts
FROM (SELECT DISTINCT id, name, time_bucket(INTERVAL 10 SECOND, "dateTime") AS starts FROM nexmark.Person) AS p
JOIN (SELECT DISTINCT seller, time_bucket(INTERVAL 10 SECOND, "dateTime") AS starts FROM nexmark.Auction) AS a
  ON p.id = a.seller AND p.starts = a.starts
