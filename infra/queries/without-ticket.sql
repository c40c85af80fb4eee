-- Access without a ticket.
SELECT requester, entitlement, environment, risk, starts_at, justification, request
FROM grants
WHERE ticket IS NULL OR ticket = ''
ORDER BY starts_at, request;
