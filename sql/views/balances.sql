-- The balance of each account. Postings sum to 0, so the balances do.
CREATE MATERIALIZED VIEW balances AS
SELECT leg.account AS account, sum(leg.amount) AS balance, count(*) AS legs
FROM (SELECT unnest(legs) AS leg FROM ledger)
GROUP BY leg.account
