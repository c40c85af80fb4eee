-- Access of high or critical risk that policy alone approved: the nearest to break-glass that there is.
SELECT requester, entitlement, account, risk, starts_at, window_seconds, justification, request
FROM grants
WHERE needed = 0 AND risk IN ('high', 'critical')
ORDER BY starts_at, request;
