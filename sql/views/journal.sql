-- Every leg of every posting, in the order of the log.
CREATE MATERIALIZED VIEW journal AS
SELECT posting_id, booked_on, text, leg.account AS account, leg.amount AS amount
FROM (SELECT posting_id, booked_on, text, unnest(legs) AS leg FROM ledger)
